"""Keeping indexes: brought forward when a query wants one, and dropped when nothing defines them any more.

As CouchDB's views are, an index is as old as the last query that wanted it. Going forward from there is done in steps:
documents are read and their keys made in a reader's transaction, rows are written in a short one of the writer's.
In one process one task takes the steps and the others wait for it; among several processes the store lets one pass.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakValueDictionary

import orjson
from sqlalchemy import Connection

from sync.access import View
from sync.mango.definitions import indexes_now, whole
from sync.mango.index import PREFIX, Index
from sync.mango.keys import KeyOf, signature
from sync.store.contract import DocumentStore
from sync.store.indexed import Step
from sync.store.tables import KEY
from sync.store.values import Ask

FEW, MANY = 32, 500
"""Documents of the first step, and of each of the following at most."""
BYTES: Final = 2 * 1024 * 1024
"""Bytes of documents of one step, about."""
DROPPED: Final = 2_000
"""Rows that are deleted in one transaction."""

log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """An index on its way, in sequences."""

    database: str
    design: str | None
    total: int
    done: int = 0
    begun: int = field(default_factory=lambda: int(time.time()))


class Keeper:
    """Brings the indexes of a store forward."""

    def __init__(self, store: DocumentStore) -> None:
        self._store: Final = store
        self._locks: Final[WeakValueDictionary[tuple[str, str], asyncio.Lock]] = WeakValueDictionary()
        self._later: Final[set[asyncio.Task[None]]] = set()
        self.running: Final[dict[tuple[str, str], Progress]] = {}
        """By database and signature, what is being brought forward."""

    async def forward(self, view: View, index: Index) -> None:
        """Bring ``index`` forward to what the database is now, at least. Raises ``DatabaseMissing``."""
        view, own = whole(view), signature(index)
        since, target = await self._store.database.read(lambda c: self._place(c, view, own))
        if since is not None and since >= target:
            return
        name = view.database, own
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with lock:
            if since is None:
                await self.sweep(view)
            progress = self.running[name] = Progress(view.database, index.design, target - (since or 0))
            try:
                await self._go(view, _Steps(self._store, view, index, own, target), progress)
            finally:
                del self.running[name]

    def later(self, view: View, index: Index) -> None:
        """Bring ``index`` forward by and by; nobody waits for it."""
        task = asyncio.get_running_loop().create_task(self._quietly(view, index))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def sweep(self, view: View) -> None:
        """Drop all rows of indexes that no design document defines any more."""
        view = whole(view)

        def drop(connection: Connection) -> bool:
            defined = {signature(each) for each in indexes_now(self._store, connection, view) if not each.special}
            return self._store.index_drop_now(connection, view, defined, DROPPED)

        while await self._store.database.write(drop):
            pass

    def tasks(self) -> list[dict[str, Any]]:
        """Return what is being brought forward, as ``_active_tasks`` shows it."""
        now = int(time.time())
        return [
            {
                "type": "indexer",
                "database": each.database,
                "design_document": each.design,
                "changes_done": each.done,
                "total_changes": each.total,
                "progress": min(100, 100 * each.done // max(1, each.total)),
                "started_on": each.begun,
                "updated_on": now,
            }
            for each in self.running.values()
        ]

    def _place(self, connection: Connection, view: View, own: str) -> tuple[int | None, int]:
        target = self._store.info_now(connection, view).update_seq
        return self._store.index_now(connection, view, own), target

    async def _go(self, view: View, steps: "_Steps", progress: Progress) -> None:
        database = self._store.database
        while (step := await database.read(steps.read)) is not None:
            if await database.write(_taken(self._store, view, steps.own, step)):
                progress.done += step.until - step.since

    async def _quietly(self, view: View, index: Index) -> None:
        try:
            await self.forward(view, index)
        except Exception:  # nobody waits for this task: what went wrong is told to the operator
            log.exception("bringing an index forward failed")


def _taken(store: DocumentStore, view: View, own: str, step: Step) -> Callable[[Connection], bool]:
    return lambda connection: store.index_forward_now(connection, view, own, step)


class _Steps:
    """Reads the steps of one index up to ``target``, the longer the shorter the documents are."""

    def __init__(self, store: DocumentStore, view: View, index: Index, own: str, target: int) -> None:
        self._store: Final = store
        self._view: Final = view
        self._key: Final = KeyOf(index)
        self.own: Final = own
        self._target: Final = target
        self._amount = FEW

    def read(self, connection: Connection) -> Step | None:
        """Return the next step, or ``None`` when there is none to be taken."""
        store, view = self._store, self._view
        info = store.info_now(connection, view)
        since = store.index_now(connection, view, self.own)
        if since is not None and since >= min(self._target, info.update_seq):
            return None
        page = store.changes_now(connection, view, Ask(since=since or 0, limit=self._amount))
        live = [each.id for each in page.changes if not each.deleted and not each.id.startswith(PREFIX)]
        fresh: list[tuple[bytes, str]] = []
        length = 1
        for each in store.winners_now(connection, view, live, self._key.show).values():
            length += len(each.text)
            key = self._key(orjson.loads(each.text), KEY)
            if key is not None:
                fresh.append((key, each.id))
        self._amount = max(1, min(MANY, self._amount * 4, BYTES * max(1, len(live)) // length))
        return Step(since or 0, page.last_seq, info.purge_seq, [each.id for each in page.changes], sorted(fresh))
