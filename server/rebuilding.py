"""Making the read models anew from the documents, while the server runs.

Range of ids by range of ids, each in a write of its own: what the rows of a range say is replaced at once, what a phone
sends in between is brought in as always, and nobody waits longer than for one range. Nothing is emptied first, so lists
are whole all the time. A run that was cut off leaves rows made anew beside rows as they were: it is on record as a run
that has not ended, and the next one does all of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile
from typing import Any, Final, Protocol

from sqlalchemy import Column, Connection, delete, select

from server.clock import Clock, to_ms
from server.database.chunks import chunks
from server.documents.projection import DATABASE
from server.followups import projection as followups
from server.households import repository as households
from server.households.tables import household
from server.reviews import repository as reviews
from server.reviews.tables import review
from server.scheduling import runs
from server.visits import projection as visits
from server.visits.tables import visit, visit_gone
from sync.access import Stored
from sync.store.database import Database

BATCH: Final = 1_000
"""Documents of one write."""
JOB: Final = "rebuild"
"""Its name in the records of runs."""
_LAST: Final = "\U0010ffff"


class Documents(Protocol):
    """The part of :class:`sync.store.contract.Store` that a rebuild reads."""

    def iterate_now(self, connection: Connection, database: str, since_id: str = "") -> Iterator[Stored]:
        """Yield every winner above ``since_id`` in the order of ids."""
        ...


@dataclass(frozen=True, slots=True)
class _Stage:
    """The documents whose ids begin with ``prefix``. ``renew`` takes all between two ids, and those ids."""

    prefix: str
    renew: Callable[[Connection, Sequence[Stored], str, str], None]


def rebuild(
    database: Database,
    store: Documents,
    clock: Clock,
    *,
    batch: int = BATCH,
    progress: Callable[[int], None] | None = None,
    rest: Callable[[], None] | None = None,
) -> int:
    """Make every read model anew; return of how many documents.

    After each write of at most ``batch`` documents ``progress`` is called with the number so far, then ``rest``: time
    for other processes to write.
    """
    began = to_ms(clock.now())
    database.write_now(lambda c: runs.begin(c, JOB, began, holder=JOB, now_ms=began))
    done = 0
    for stage in _STAGES:
        above: str | None = stage.prefix
        while above is not None:
            many, above = database.write_now(partial(_step, store=store, stage=stage, above=above, size=batch))
            done += many
            if progress is not None and many:
                progress(done)
            if rest is not None:
                rest()
    database.write_now(lambda c: _finish(c, to_ms(clock.now())))
    return done


def unfinished(connection: Connection) -> int | None:
    """Return when (ms) a rebuild began that has not ended: one that runs now or was cut off."""
    return runs.unfinished(connection, JOB)


def _step(connection: Connection, *, store: Documents, stage: _Stage, above: str, size: int) -> tuple[int, str | None]:
    found = islice(store.iterate_now(connection, DATABASE, above), size)
    documents = list(takewhile(lambda each: each.id.startswith(stage.prefix), found))
    more = len(documents) == size
    until = documents[-1].id if more else stage.prefix + _LAST
    stage.renew(connection, documents, above, until)
    return len(documents), until if more else None


def _finish(connection: Connection, now_ms: int) -> None:
    visits.recount(connection)
    runs.end_all(connection, JOB, now_ms=now_ms, outcome="ok")


def _households(connection: Connection, documents: Sequence[Stored], above: str, until: str) -> None:
    households.project(connection, documents)
    _prune(connection, household.c.id, {each.id for each in documents}, above, until)


def _reviews(connection: Connection, documents: Sequence[Stored], above: str, until: str) -> None:
    reviews.project(connection, documents)
    kept = {reviews.visit_of(each.id) for each in documents}
    _prune(connection, review.c.visit, kept, reviews.visit_of(above), reviews.visit_of(until))


def _visits(connection: Connection, documents: Sequence[Stored], above: str, until: str) -> None:
    # Households and reviews are done by now: a visit's row takes in what they say.
    visits.project(connection, visited=documents, reviewed=(), housed=(), clock=None)
    kept = {each.id for each in documents}
    for key in (visit.c.id, visit_gone.c.visit):
        _prune(connection, key, kept, above, until)


def _prune(connection: Connection, key: Column[Any], kept: set[str], above: str, until: str) -> None:
    """Delete the rows of which there is no document."""
    there = connection.scalars(select(key).where(key > above, key <= until))
    for some in chunks(each for each in there if each not in kept):
        connection.execute(delete(key.table).where(key.in_(some)))


_STAGES: Final = (
    _Stage("household:", _households),
    _Stage("review:", _reviews),
    _Stage("visit:", _visits),
    _Stage(followups.PREFIX, followups.renew),
)
