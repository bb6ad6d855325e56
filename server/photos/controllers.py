"""Photos, one at a time, for those whose area they were taken in."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter

from server.accounts.models import Account
from server.accounts.policy import Who
from server.clock import Clock, to_ms
from server.households import repository as households
from server.photos import service
from server.photos.schemas import CONTENT_TYPE
from sync.store import Store
from sync.store.database import Database

CACHING = "private, max-age=86400"
"""The browser may keep it for a day, nobody between may; a photo never changes."""


class PhotoController(Controller):
    """``/api/photos``."""

    path = "/api/photos"
    tags = ("照片",)

    @get("/{photo_id:str}", opt={"who": Who.ACCOUNT}, summary="一张照片", media_type=CONTENT_TYPE)
    async def one(
        self,
        photo_id: FromPath[str],
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        store: NamedDependency[Store],
        clock: NamedDependency[Clock],
        held: Annotated[str | None, HeaderParameter(name="If-None-Match")] = None,
    ) -> Response[bytes]:
        """Return the picture. 403 when its area is not mine; 304 when the caller has it. Who looked is written down."""
        found = await database.read(lambda c: service.picture(c, store, account, photo_id, held=held))
        headers = {"ETag": found.tag, "Cache-Control": CACHING, "X-Content-Type-Options": "nosniff"}
        if not found.content:
            return Response(b"", status_code=304, headers=headers, media_type=CONTENT_TYPE)
        await database.write(
            lambda c: households.looked(
                c,
                account=account.name,
                action="photo",
                subject=photo_id,
                household_id=found.household,
                at_ms=to_ms(clock.now()),
            )
        )
        return Response(found.content, headers=headers, media_type=CONTENT_TYPE)
