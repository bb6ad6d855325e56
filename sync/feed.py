"""Change feeds as a sequence of pages and beats, whatever they are written as.

A feed reads pages until it has caught up, then waits. The wait begins with the sequence up to which it has read, and
the store compares that with what is committed, so a commit between reading and waiting ends the wait at once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from sync.errors import DatabaseMissing, Forbidden, Unauthorized
from sync.store.values import Ask, Page

PAGE: Final = 500
"""Changes read at a time, so that a feed from 0 never holds a whole database."""
BEAT: Final = "beat"
Beat = Literal["beat"]
Read = Callable[[Ask], Awaitable[Page]]
Wait = Callable[[int, float], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a feed that has caught up goes on, in seconds."""

    idle: float
    """Without any change; then it ends."""
    total: float
    """Altogether; then it ends at the next moment that it has nothing to send."""
    heartbeat: float | None = None
    """Between signs of life; ``None``: none."""


async def follow(read: Read, wait: Wait, ask: Ask, patience: Patience) -> AsyncIterator[Page | Beat]:
    """Yield pages of changes after ``ask.since`` as they come, :data:`BEAT` where a sign of life is due.

    Ends when ``ask.limit`` changes were yielded, patience ends, the database is deleted or is not the client's any
    more: each time with a page whose ``last_seq`` says where to go on. Every page but that last one has changes.
    """
    clock = asyncio.get_running_loop().time
    begun = quiet = clock()
    limit = ask.limit
    try:
        while True:
            page = await read(replace(ask, limit=PAGE if limit is None else min(PAGE, limit)))
            if limit is not None:
                limit -= len(page.changes)
            ask = replace(ask, since=page.last_seq)
            if limit is not None and limit <= 0:
                yield page
                return
            if page.changes:
                yield page
                quiet = clock()
            if page.pending:
                continue
            end = min(quiet + patience.idle, begun + patience.total)
            woken = False
            while not woken:
                left = end - clock()
                if left <= 0:
                    yield Page([], page.last_seq, 0)
                    return
                woken = await wait(page.last_seq, left if patience.heartbeat is None else min(left, patience.heartbeat))
                if not woken and clock() < end:
                    yield BEAT
    except (DatabaseMissing, Forbidden, Unauthorized):  # the next request is told why
        yield Page([], ask.since, 0)
