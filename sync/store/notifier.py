"""Waking those who wait for changes: at once, or within a second.

At once for this process's writes, and for others' where the database tells of them (PostgreSQL); within a second for
others' where it does not, or while the telling is broken off.

A waiter is registered before the store is asked whether there is something already, so no commit falls between. What
wakes it is the sequence of a commit, compared with the one that it has seen, so nobody is woken for old news.
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import orjson
from sqlalchemy.exc import SQLAlchemyError

from sync.errors import DatabaseMissing
from sync.store.backend import Ears

Key = tuple[str, str | None]
"""``(database, scope)``; a scope of ``None`` is the whole database."""
Newest = Callable[[list[Key]], Awaitable[Mapping[Key, int]]]
"""Asks the store for the newest sequence of each key, and of its database; what is not there is left out."""

POLL_SECONDS: Final = 1.0
"""How often the store is asked, as long as somebody waits, where other processes' commits are not heard."""
ASSURANCE: Final = 30
"""Where they are heard it is asked all the same, each so many times as seldom."""
GONE: Final = 1 << 62
"""What other processes are told instead of a sequence when a database was deleted."""
LONGEST: Final = 7900
"""Bytes beyond which an announcement says only that there is something."""
Listen = Callable[[Callable[[str], None]], Ears | None]
""":meth:`sync.store.database.Database.listen`."""


class _Waiter:
    __slots__ = ("future", "gone", "loop", "since")

    def __init__(self, since: int) -> None:
        self.since = since
        self.gone = False
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[None] = self.loop.create_future()

    def wake(self) -> None:
        """Wake it, from any thread; a waiter that gave up meanwhile is left alone."""
        with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits there any more
            self.loop.call_soon_threadsafe(self._set)

    def _set(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


def announcement(newest: Mapping[Key, int]) -> str:
    """Return what other processes are told of a commit, for :meth:`Notifier.heard`; of too much, that there is some."""
    text = orjson.dumps([(database, scope, seq) for (database, scope), seq in newest.items()])
    return text.decode() if len(text) <= LONGEST else "[]"


class Notifier:
    """Keeps who waits for what. ``newest`` reads the store; ``listen`` begins to hear of other processes' commits."""

    def __init__(self, newest: Newest, listen: Listen) -> None:
        self._newest: Final = newest
        self._listen: Final = listen
        self._gate: Final = threading.Lock()
        self._waiters: Final[dict[Key, set[_Waiter]]] = {}
        self._poll: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many wait now."""
        with self._gate:
            return sum(map(len, self._waiters.values()))

    def committed(self, newest: Mapping[Key, int]) -> None:
        """Wake who waits for one of these keys and has not seen its sequence. Called from the writer's thread."""
        with self._gate:
            woken = [
                waiter for key, seq in newest.items() for waiter in self._waiters.get(key, ()) if waiter.since < seq
            ]
        for waiter in woken:
            waiter.wake()

    def deleted(self, database: str, *, seen: int = 0) -> None:
        """Wake all who wait for anything in ``database`` from ``seen`` on, and tell them that it is gone."""
        with self._gate:
            waiters = [waiter for key, each in self._waiters.items() if key[0] == database for waiter in each]
            woken = [waiter for waiter in waiters if waiter.since >= seen]
            for waiter in woken:
                waiter.gone = True
        for waiter in woken:
            waiter.wake()

    def heard(self, text: str) -> None:
        """Wake who waits for what another process has announced: see :func:`announcement`."""
        told = orjson.loads(text)
        newest: dict[Key, int] = {(database, scope): seq for database, scope, seq in told}
        for (database, scope), seq in newest.items():
            if scope is None and seq == GONE:
                self.deleted(database)
        if not newest:  # there is something, nobody knows where: all look for themselves, and none of them is gone
            with self._gate:
                newest = dict.fromkeys(self._waiters, GONE)
        self.committed(newest)

    async def wait(self, key: Key, since: int, seconds: float) -> bool:
        """Wait until ``key`` has a sequence above ``since``, at most ``seconds``; return whether it may have.

        Raises ``DatabaseMissing`` when its database is deleted meanwhile: one made under the same name begins its
        sequences anew. One that was read up to ``since`` and is not there any more was deleted just before.
        """
        waiter = _Waiter(since)
        with self._gate:
            self._waiters.setdefault(key, set()).add(waiter)
        try:
            newest = await self._newest([key])
            if since and (key[0], None) not in newest:
                raise DatabaseMissing
            if newest.get(key, 0) > since:
                return True
            self._watch()
            async with asyncio.timeout(seconds):
                await waiter.future
        except TimeoutError:
            return False
        else:
            if waiter.gone:
                raise DatabaseMissing
            return True
        finally:
            with self._gate:
                self._waiters[key].discard(waiter)
                if not self._waiters[key]:
                    del self._waiters[key]

    def _watch(self) -> None:
        """Have other processes' writes looked for, as long as somebody waits."""
        loop = asyncio.get_running_loop()
        if self._poll is None or self._poll.done() or self._poll.get_loop() is not loop:
            self._poll = loop.create_task(self._look())

    async def _look(self) -> None:
        ears = self._listen(self.heard)
        heard_since, turns = 0, 0
        while True:
            await asyncio.sleep(POLL_SECONDS)
            with self._gate:
                keys = list(self._waiters)
            if not keys:
                return
            times, turns = ears.times if ears else 0, turns + 1
            if times and times == heard_since and turns % ASSURANCE:
                continue
            heard_since = times  # what was committed before listening began is looked for once
            # One indexed query for all who wait. SQLite's data_version would be cheaper still, but its numbers mean
            # something on one connection only, and readers come from a pool.
            with contextlib.suppress(SQLAlchemyError):  # a database that is away for a moment: look again
                newest = await self._newest(keys)
                self.committed(newest)
                for database in {name for name, _ in keys} - {name for name, _ in newest}:
                    self.deleted(database, seen=1)  # by another process; who has seen nothing waits for it to be made
