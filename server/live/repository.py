"""What happened to visits since a sequence."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any

from sqlalchemy import Connection, Row, func, literal, select

from server.areas.models import Area
from server.areas.tables import area
from server.visits.tables import visit, visit_gone


@dataclass(frozen=True, slots=True)
class Event:
    """A visit that came, was changed or reviewed (``state`` is its state of review), or was ``deleted``."""

    id: str
    seq: int
    state: str


def newest(connection: Connection) -> int:
    """Return the sequence of the last thing that happened to any visit, 0 for none."""
    changed = connection.scalar(select(func.max(visit.c.changed_seq))) or 0
    return max(changed, connection.scalar(select(func.max(visit_gone.c.seq))) or 0)


def events(connection: Connection, *, since: int, tops: Sequence[Area], limit: int) -> tuple[list[Event], int]:
    """Return what happened after the sequence ``since`` in the subtrees of ``tops``, and the sequence looked up to.

    At most ``limit`` visits are looked at: with that many seen, there may be more after.
    """
    wanted = {top.id for top in tops}
    seen, found = since, list[Event]()
    for row in _rows(connection, since, limit):
        seen = row.seq
        if row.path is not None and not wanted.isdisjoint(row.path.split("/")):
            found.append(Event(row.id, row.seq, row.state))
    return found, seen


def _rows(connection: Connection, since: int, limit: int) -> list[Row[Any]]:
    live = (
        select(visit.c.id, visit.c.changed_seq.label("seq"), visit.c.state, area.c.path)
        .outerjoin(area, area.c.id == visit.c.area)
        .where(visit.c.changed_seq > since)
        .order_by(visit.c.changed_seq)
        .limit(limit)
    )
    gone = (
        select(visit_gone.c.visit.label("id"), visit_gone.c.seq, literal("deleted").label("state"), area.c.path)
        .outerjoin(area, area.c.id == visit_gone.c.area)
        .where(visit_gone.c.seq > since)
        .order_by(visit_gone.c.seq)
        .limit(limit)
    )
    both = merge(connection.execute(live).all(), connection.execute(gone).all(), key=lambda row: int(row.seq))
    return list(both)[:limit]
