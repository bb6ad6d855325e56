"""The visit document: one knock at one door."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from server.documents.base import Document
from server.documents.fields import FollowupId, HouseholdId, PhotoId, Printable
from server.documents.metadata import DataClass, Label, Merge, Personal, Policy
from server.documents.ulid import PATTERN

Outcome = Literal["met", "no_answer", "come_back", "declined", "moved", "vacant"]
OUTCOMES: Final[dict[str, str]] = {
    "met": "见面",
    "no_answer": "没人",
    "come_back": "改约",
    "declined": "谢绝",
    "moved": "已搬走",
    "vacant": "空置",
}

Need = Annotated[str, StringConstraints(min_length=1, max_length=20), Printable]


class Visit(Document):
    """What was found at a door. Its author may change it until a supervisor has approved it."""

    KEY: ClassVar[str] = PATTERN
    NAME: ClassVar[str] = "走访记录"

    type: Annotated[Literal["visit"], Label("类型")]
    household: Annotated[HouseholdId, Label("住户", "请从楼栋图里选住户"), Personal(DataClass.PLACE)]
    outcome: Annotated[Outcome, Label("结果"), Personal(DataClass.SENSITIVE), Merge(Policy.ASK)]
    needs: Annotated[
        list[Need],
        Field(max_length=12, default_factory=list),
        Label("需求", "最多 12 项，每项 1 到 20 个字"),
        Personal(DataClass.SENSITIVE),
        Merge(Policy.UNION),
    ]
    note: Annotated[
        str | None,
        Field(max_length=2000),
        Printable,
        Label("备注", "请写短一些"),
        Personal(DataClass.FREE_TEXT),
        Merge(Policy.ASK),
    ] = None
    card_left: Annotated[bool, Label("联系卡已留")] = False
    photos: Annotated[
        list[PhotoId], Field(max_length=6, default_factory=list), Label("照片", "最多 6 张"), Merge(Policy.UNION)
    ]
    followup: Annotated[FollowupId | None, Label("回访")] = None
