"""The base of every document type."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from server.documents.fields import AccountName, AreaId, Instant
from server.documents.metadata import Label


class Document(BaseModel):
    """What every document has. Fields that no model knows (a newer phone's) are kept as they came.

    A model never holds the ``_`` fields of replication (``_id``, ``_rev``, ``_attachments``): those are the store's.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    KEY: ClassVar[str]
    """A regular expression for what follows ``<type>:`` in ``_id``."""
    NAME: ClassVar[str]
    """What a user calls such a document."""

    area: Annotated[AreaId, Label("所属网格", "请选楼门后再保存")]
    by: Annotated[AccountName, Label("记录人", "请用本人账号登录后重新保存")]
    at: Annotated[Instant, Label("记录时间", "请检查手机的日期和时间")]
    v: Annotated[Literal[1], Label("格式版本", "请更新应用后再保存")]
