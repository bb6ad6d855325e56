"""The read models together: brought up to date with each write, and rebuilt from the documents."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Final, Protocol

from sqlalchemy import Connection

from server.clock import Clock
from server.documents.registry import type_of
from server.followups import projection as followups
from server.households import repository as households
from server.reviews import repository as reviews
from server.visits import projection as visits
from sync.access import Stored

DATABASE: Final = "areas"
"""The stored database that holds every area's documents."""
BATCH: Final = 2_000
"""Documents that a rebuild projects at a time."""


class Documents(Protocol):
    """The part of :class:`sync.store.contract.Store` that a rebuild reads."""

    def iterate_now(self, connection: Connection, database: str, since_id: str = "") -> Iterator[Stored]:
        """Yield every winner, in the order of ids."""
        ...


def project(connection: Connection, changed: Sequence[Stored], clock: Clock) -> None:
    """Bring every read model up to the winners ``changed``. Doing it again changes nothing."""
    by_type = _by_type(changed)
    _project_own(connection, by_type, clock)
    followups.project(connection, by_type.get("followup", ()))


def _project_own(connection: Connection, by_type: Mapping[str, Sequence[Stored]], clock: Clock | None) -> None:
    households.project(connection, by_type.get("household", ()))
    reviews.project(connection, by_type.get("review", ()))
    visits.project(
        connection,
        visited=by_type.get("visit", ()),
        reviewed=by_type.get("review", ()),
        housed=by_type.get("household", ()),
        clock=clock,
    )


def rebuild(connection: Connection, store: Documents, *, progress: Callable[[int], None] | None = None) -> int:
    """Empty every read model and make it anew from the documents; return how many documents were read.

    ``progress`` is called with the number so far after each batch.
    """
    for noun in (households, reviews, visits):
        noun.clear(connection)
    done = 0
    for batch in _batches(store.iterate_now(connection, DATABASE)):
        _project_own(connection, _by_type(batch), None)
        done += len(batch)
        if progress is not None:
            progress(done)
    promised = store.iterate_now(connection, DATABASE, followups.PREFIX)
    followups.rebuild(connection, takewhile(lambda each: each.id.startswith(followups.PREFIX), promised))
    return done


def _by_type(changed: Sequence[Stored]) -> dict[str, list[Stored]]:
    found: dict[str, list[Stored]] = {}
    for each in changed:
        found.setdefault(type_of(each.id), []).append(each)
    return found


def _batches(documents: Iterable[Stored]) -> Iterator[list[Stored]]:
    rest = iter(documents)
    while batch := list(islice(rest, BATCH)):
        yield batch
