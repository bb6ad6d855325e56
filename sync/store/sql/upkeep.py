"""What a store does beside reading and writing: content ahead of its revision, purges, shorter histories."""

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from sync.access import Rules, View
from sync.documents import CHUNK, Content, Draft
from sync.errors import Forbidden
from sync.store.database import Database, after_commit
from sync.store.notifier import Key, Notifier, announcement
from sync.store.sql import contents, copying, databases, purging, reading
from sync.store.sql.run import announce

STAGED_FROM: Final = 4 * CHUNK
"""Bytes of content from which it goes into the store ahead of its revision."""
STAGED_AT_ONCE: Final = 8
"""Pieces that are stored in one transaction meanwhile."""


class Upkeep:
    """The part of :class:`sync.store.sql.Store` that administrators and long uploads need."""

    def __init__(self, database: Database, rules: Mapping[str, Rules], notifier: Notifier) -> None:
        self.database: Final = database
        self.rules: Final = dict(rules)
        self.notifier: Final = notifier

    async def stage(self, content: Content) -> None:
        """Store long content ahead of the revision that is to have it, in short transactions."""
        if content.length < STAGED_FROM:
            return
        key, pieces, parts = content.key, content.chunks(), 0
        while batch := await asyncio.to_thread(lambda: list(itertools.islice(pieces, STAGED_AT_ONCE))):
            if await self._stage(key, parts, batch):
                return
            parts += len(batch)
        await self.database.write(lambda c: contents.staged(c, key, content.length, parts, _now()))

    async def _stage(self, key: str, first_part: int, batch: list[bytes]) -> bool:
        return await self.database.write(lambda c: contents.stage(c, key, first_part, batch, _now()))

    def purge_now(self, connection: Connection, view: View, asked: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Remove leaves as if they had never been; return, for each id asked about, which were."""
        opened = self._whole(connection, view)
        purged, changed, touched = purging.purge(connection, opened, asked)
        rules = self.rules.get(view.database)
        if rules is not None and changed:
            rules.project(connection, changed)
        if touched:
            newest: dict[Key, int] = {(opened.name, name): seq for name, seq in touched.items()}
            after_commit(connection, lambda: self.notifier.committed(newest))
            announce(connection, announcement(newest))
        return purged

    def draft_of_now(
        self, connection: Connection, view: View, id_: str, rev: str | None, target: str, target_rev: str | None
    ) -> Draft:
        """Return the edit that makes ``target`` a copy of a revision, with its attachments."""
        opened = databases.open_(connection, view)
        _, body = reading.place(connection, opened, id_, rev)
        return copying.draft_of(connection, body, target, target_rev)

    def purged_now(self, connection: Connection, view: View) -> list[tuple[str, list[str]]]:
        """Return what was purged, the oldest first, as far back as it is remembered."""
        return purging.remembered(connection, self._whole(connection, view))

    def purged_limit_now(self, connection: Connection, view: View) -> int:
        """Return how many purges are remembered."""
        return purging.limit(connection, self._whole(connection, view))

    def set_purged_limit_now(self, connection: Connection, view: View, limit: int) -> None:
        """Remember that many purges from now on."""
        purging.set_limit(connection, self._whole(connection, view), limit)

    async def compact(self, view: View) -> None:
        """Cut all histories to ``_revs_limit`` and free what nothing refers to, in short transactions."""
        after: int | None = 0
        while after is not None:
            after = await self._cut(view, after)
        await self.database.write(lambda c: contents.sweep(c, _now()))

    async def _cut(self, view: View, after: int) -> int | None:
        return await self.database.write(lambda c: purging.cut(c, self._whole(c, view), after))

    @staticmethod
    def _whole(connection: Connection, view: View) -> databases.Opened:
        if view.scope is not None:
            raise Forbidden("an area's database is a view: nothing is purged or cut through it")
        return databases.open_(connection, view)


def _now() -> int:
    return time.time_ns() // 1_000_000
