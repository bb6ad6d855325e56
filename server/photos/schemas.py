"""The photo document: one small picture, never changed."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from server.documents.base import Document
from server.documents.fields import HouseholdId, VisitId
from server.documents.metadata import DataClass, Label, Personal
from server.documents.ulid import PATTERN

ATTACHMENT: Final = "image.jpg"
CONTENT_TYPE: Final = "image/jpeg"
MAX_BYTES: Final = 220_000
"""Largest picture that is accepted; the phone shrinks to 200 kB, the rest is slack for encoders that miss."""


class Photo(Document):
    """One picture taken on a visit; the picture itself is the attachment ``image.jpg``."""

    KEY: ClassVar[str] = PATTERN
    NAME: ClassVar[str] = "照片"

    type: Annotated[Literal["photo"], Label("类型")]
    visit: Annotated[VisitId, Label("走访记录")]
    household: Annotated[HouseholdId, Label("住户"), Personal(DataClass.PLACE)]
    width: Annotated[int, Field(ge=1, le=10_000), Label("照片宽度", "请重新拍照")]
    height: Annotated[int, Field(ge=1, le=10_000), Label("照片高度", "请重新拍照")]
