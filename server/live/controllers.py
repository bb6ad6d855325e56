"""Server-sent events: the supervisor's page hears of a visit as soon as it is stored."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import HeaderParameter
from litestar.response import Stream
from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.accounts.models import Account
from server.accounts.policy import Who
from server.documents.projection import DATABASE
from server.live import repository
from server.live.repository import Event
from server.visits.service import supervised
from sync.access import View
from sync.store import Store
from sync.store.database import Database

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment is sent, so that proxies keep the connection and a dead one is noticed."""
LIFETIME: Final = 600.0
"""Seconds after which the server ends a stream. The browser comes back by itself, and through the guard anew."""
PAUSE: Final = 0.2
"""Seconds between two looks: a burst of writes is told in one go."""
MOST: Final = 500
SEQUENCE: Final = re.compile("[0-9]{1,18}")

HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}


@dataclass(frozen=True, slots=True)
class _Look:
    events: list[Event]
    seen: int
    """The sequence up to which visits were looked through."""
    stored: int
    """The database's last sequence at that moment: what to wait beyond."""
    permitted: bool


class LiveController(Controller):
    """``/api/visits/events``."""

    path = "/api/visits/events"
    tags = ("走访审阅",)

    @get(opt={"who": Who.SUPERVISOR}, summary="走访的实时更新", media_type="text/event-stream")
    async def visits(
        self,
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        store: NamedDependency[Store],
        last: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None,
    ) -> Stream:
        """Send ``event: visit`` with ``{id, seq, state}`` for each visit of my areas that comes, goes or is reviewed.

        ``state`` is the state of review, or ``deleted``.

        The event's id is the sequence: a browser that reconnects sends it as ``Last-Event-ID`` and misses nothing.
        """
        since = int(last) if last is not None and SEQUENCE.fullmatch(last) else None
        return Stream(_events(database, store, account.name, since), media_type="text/event-stream", headers=HEADERS)


async def _events(database: Database, store: Store, name: str, since: int | None) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    end = loop.time() + LIFETIME
    if since is None:
        since = await database.read(repository.newest)
    yield b"retry: 3000\nid: %d\n\n" % since
    while loop.time() < end:
        look = await database.read(lambda c, since=since: _look(c, store, name, since))  # type: ignore[misc]
        if not look.permitted:
            return
        if look.events or look.seen != since:
            yield b"".join(map(_told, look.events)) + b"id: %d\n\n" % look.seen
            since = look.seen
            continue
        if await store.changed(DATABASE, None, look.stored, HEARTBEAT):
            await asyncio.sleep(PAUSE)
        else:
            yield b": .\n\n"


def _look(connection: Connection, store: Store, name: str, since: int) -> _Look:
    account = accounts.find(connection, name)  # anew each time: a grant taken away ends what is told
    if account is None or not account.supervises:
        return _Look([], since, since, permitted=False)
    events, seen = repository.events(connection, since=since, tops=supervised(connection, account), limit=MOST)
    stored = store.info_now(connection, View(DATABASE, DATABASE)).update_seq
    return _Look(events, seen, stored, permitted=True)


def _told(event: Event) -> bytes:
    data = json.dumps({"id": event.id, "seq": event.seq, "state": event.state})
    return f"event: visit\nid: {event.seq}\ndata: {data}\n\n".encode()
