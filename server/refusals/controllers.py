"""My refused documents: what was not accepted, why, and giving one up."""

from typing import Any, Literal

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from pydantic import BaseModel
from sqlalchemy import Connection

from server.accounts.models import Account
from server.accounts.policy import Who
from server.clock import shanghai_text
from server.errors import NotFound
from server.refusals import repository
from sync.store.database import Database

MOST_ID = (1 << 63) - 1
"""The greatest number that a database takes as an id."""


class RefusalView(BaseModel):
    """A document that was refused; ``reason`` names the field and says how to mend it."""

    id: str
    doc_id: str
    type: str
    reason: str
    at: str
    state: Literal["waiting", "mended", "discarded"]
    body: dict[str, Any]


class RefusalList(BaseModel):
    """My refusals, newest first."""

    items: list[RefusalView]


class RefusalController(Controller):
    """``/api/refusals``."""

    path = "/api/refusals"
    tags = ("上传箱",)
    opt = {"who": Who.ACCOUNT}  # noqa: RUF012  Litestar's own kind of attribute

    @get(summary="没有被接收的记录")
    async def listing(self, account: NamedDependency[Account], database: NamedDependency[Database]) -> RefusalList:
        """Return what I uploaded and was refused, the newest first, mended ones too."""
        found = await database.read(lambda c: repository.listing(c, account.name))
        return RefusalList(
            items=[
                RefusalView.model_validate(
                    {
                        "id": str(each.id),
                        "doc_id": each.doc_id,
                        "type": each.type,
                        "reason": each.reason,
                        "at": shanghai_text(each.at_ms),
                        "state": each.state,
                        "body": each.body,
                    }
                )
                for each in found
            ]
        )

    @post("/{refusal_id:int}/discard", status_code=204, summary="放弃一条")
    async def discard(
        self, refusal_id: FromPath[int], account: NamedDependency[Account], database: NamedDependency[Database]
    ) -> None:
        """Give a refused document up. 404 when it is not mine."""

        def job(connection: Connection) -> None:
            if refusal_id > MOST_ID or not repository.discard(connection, account.name, refusal_id):
                raise NotFound

        await database.write(job)
