"""Photos, one at a time, for those whose area they were taken in."""

import asyncio
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
from server.photos.thumbnail import thumbnail
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
        found = await _looked_at(photo_id, held, account, database, store, clock)
        return _answer(found, found.content)

    @get("/{photo_id:str}/thumbnail", opt={"who": Who.ACCOUNT}, summary="一张小图", media_type=CONTENT_TYPE)
    async def small(
        self,
        photo_id: FromPath[str],
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        store: NamedDependency[Store],
        clock: NamedDependency[Clock],
        held: Annotated[str | None, HeaderParameter(name="If-None-Match")] = None,
    ) -> Response[bytes]:
        """Do as for the picture itself, and return it small: at most 320 pixels wide and high, about 15 kB."""
        found = await _looked_at(photo_id, held, account, database, store, clock)
        return _answer(found, await asyncio.to_thread(thumbnail, found.content) if found.content else b"")


async def _looked_at(
    photo_id: str, held: str | None, account: Account, database: Database, store: Store, clock: Clock
) -> service.Picture:
    found = await database.read(lambda c: service.picture(c, store, account, photo_id, held=held))
    if found.content:
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
    return found


def _answer(found: service.Picture, content: bytes) -> Response[bytes]:
    headers = {"ETag": found.tag, "Cache-Control": CACHING, "X-Content-Type-Options": "nosniff"}
    return Response(content, status_code=200 if content else 304, headers=headers, media_type=CONTENT_TYPE)
