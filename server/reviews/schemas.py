"""The review document: a supervisor's word on one visit, at one revision of it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from server.documents.base import Document
from server.documents.fields import Printable, RevisionId, VisitId
from server.documents.metadata import DataClass, Label, Personal
from server.documents.ulid import PATTERN


class Review(Document):
    """Approved or returned. It speaks of the revision ``visit_rev``: a visit changed since then waits again."""

    KEY: ClassVar[str] = PATTERN
    NAME: ClassVar[str] = "审阅"

    type: Annotated[Literal["review"], Label("类型")]
    visit: Annotated[VisitId, Label("走访记录")]
    visit_rev: Annotated[RevisionId, Label("走访版本", "请刷新后再审阅")]
    state: Annotated[Literal["approved", "returned"], Label("结论")]
    note: Annotated[
        str | None,
        Field(max_length=500),
        Printable,
        Label("审阅意见", "请用一句话写明要改什么，最多 500 字"),
        Personal(DataClass.FREE_TEXT),
    ] = None

    @model_validator(mode="after")
    def _returned_says_why(self) -> "Review":
        if self.state == "returned" and not (self.note or "").strip():
            raise PydanticCustomError("note", "退回时要写明原因")
        return self
