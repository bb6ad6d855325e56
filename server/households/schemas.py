"""The household document: who lives behind one door, as far as the service needs to know."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from server.documents.base import Document
from server.documents.fields import AREA, DOOR, Instant, Printable
from server.documents.metadata import DataClass, Label, Merge, Personal, Policy

Mark = Literal["alone", "elder", "ill", "disabled", "bereaved", "child", "poor"]
MARKS: Final[dict[str, str]] = {
    "alone": "独居",
    "elder": "高龄",
    "ill": "患病",
    "disabled": "残疾",
    "bereaved": "失独",
    "child": "困境儿童",
    "poor": "低保",
}


class Household(Document):
    """One door. Its id is made of its area and door number, so that two phones that register it make one document."""

    KEY: ClassVar[str] = f"{AREA}:{DOOR}"
    NAME: ClassVar[str] = "住户"

    type: Annotated[Literal["household"], Label("类型")]
    door: Annotated[
        str,
        StringConstraints(pattern=f"^{DOOR}$"),
        Label("门牌号", "只用数字、字母和短横线，最多 16 个，如 501"),
        Personal(DataClass.PLACE),
    ]
    address: Annotated[
        str, Field(min_length=1, max_length=120), Printable, Label("地址"), Personal(DataClass.PLACE), Merge(Policy.ASK)
    ]
    building: Annotated[str | None, Field(max_length=20), Label("楼号"), Personal(DataClass.PLACE)] = None
    unit: Annotated[str | None, Field(max_length=20), Label("楼门号"), Personal(DataClass.PLACE)] = None
    floor: Annotated[int | None, Field(ge=-5, le=99), Label("楼层", "填 -5 到 99 之间的整数")] = None
    name: Annotated[
        str | None,
        Field(max_length=40),
        Printable,
        Label("户主"),
        Personal(DataClass.IDENTITY),
        Merge(Policy.ASK),
    ] = None
    phone: Annotated[
        str | None,
        StringConstraints(max_length=20, pattern=r"^[0-9+() \-]*$"),
        Label("电话", "只填号码，不加文字"),
        Personal(DataClass.CONTACT),
        Merge(Policy.ASK),
    ] = None
    people: Annotated[int | None, Field(ge=0, le=30), Label("人数", "填 0 到 30 之间的整数")] = None
    marks: Annotated[
        list[Mark],
        Field(max_length=7, default_factory=list),
        Label("困难情况"),
        Personal(DataClass.SENSITIVE),
        Merge(Policy.UNION),
    ]
    consent: Annotated[Literal["yes", "no", "unknown"], Label("同意情况"), Merge(Policy.ASK)] = "unknown"
    consent_at: Annotated[Instant | None, Label("同意时间")] = None
    no_visit: Annotated[bool, Label("谢绝走访"), Merge(Policy.ASK)] = False
    pinyin: Annotated[str | None, Field(max_length=200), Printable, Label("拼音"), Personal(DataClass.IDENTITY)] = None
    note: Annotated[
        str | None,
        Field(max_length=1000),
        Printable,
        Label("备注", "请写短一些"),
        Personal(DataClass.FREE_TEXT),
        Merge(Policy.ASK),
    ] = None
    source: Annotated[Literal["register", "visit"], Label("来源")] = "visit"


def household_id(area: str, door: str) -> str:
    """Return the id of the household behind ``door`` (already normalised) in the leaf area ``area``."""
    return f"household:{area}:{door}"
