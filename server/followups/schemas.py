"""The follow-up document: a promise to come back, to somebody, by a day."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from server.documents.base import Document
from server.documents.fields import AccountName, Day, HouseholdId, Instant, Printable, VisitId
from server.documents.metadata import DataClass, Label, Merge, Personal, Policy
from server.documents.ulid import PATTERN


class Followup(Document):
    """A promised visit. ``to`` is who is reminded; without it, the author is."""

    KEY: ClassVar[str] = PATTERN
    NAME: ClassVar[str] = "回访"

    type: Annotated[Literal["followup"], Label("类型")]
    household: Annotated[HouseholdId, Label("住户", "请从楼栋图里选住户"), Personal(DataClass.PLACE)]
    due: Annotated[Day, Label("回访日期"), Merge(Policy.ASK)]
    visit: Annotated[VisitId | None, Label("走访记录")] = None
    to: Annotated[AccountName | None, Label("回访人", "请选本网格的走访人员"), Merge(Policy.ASK)] = None
    why: Annotated[
        str | None,
        Field(max_length=200),
        Printable,
        Label("回访事由", "请写短一些"),
        Personal(DataClass.FREE_TEXT),
        Merge(Policy.ASK),
    ] = None
    state: Annotated[
        Literal["open", "done", "cancelled"],
        Label("回访状态"),
        Merge(Policy.FORWARD, ("open", "cancelled", "done")),
    ] = "open"
    done_by_visit: Annotated[VisitId | None, Label("完成回访的走访")] = None
    done_at: Annotated[Instant | None, Label("完成时间")] = None
