"""Every query on the read model of visits. How lists stay fast at a million visits: see :func:`page`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select

from server.areas.models import Area
from server.areas.repository import below
from server.areas.tables import area
from server.database.chunks import chunks
from server.documents.case import KnownVisit
from server.followups.tables import followup
from server.households.tables import household
from server.reviews.tables import review
from server.visits.tables import arrival, visit, visit_count

NARROW: Final = 50_000
"""Up to so many visits, those of the asked areas are gathered and sorted; above, the newest of all are walked."""
SPAN: Final = 500_000
"""Most sequences that one page walks over; a page that ends there is short, and its cursor goes on."""
READ: Final = 10_000
"""About how many visits a search for words reads for one page."""
DATED: Final = 62 * 86_400_000
"""A range of dates up to so long (ms) is first turned into a range of sequences."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed by. ``tops``: areas whose subtrees are asked for; ``None``: everything."""

    tops: Sequence[Area] | None
    state: str | None = None
    outcome: str | None = None
    by: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    """Exclusive."""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of visit ids, newest first, and the sequence below which the next one goes on (``None``: the end)."""

    ids: list[str]
    below: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A visit as lists show it, from one join."""

    id: str
    rev: str
    seq: int
    area: str
    household: str
    address: str
    resident: str
    author: str
    at_ms: int
    received_ms: int
    outcome: str
    needs: list[str]
    note: str
    card_left: bool
    photos: list[str]
    followup: tuple[str, str, str] | None
    """Its id, due date and state."""
    state: str
    review: tuple[str, str, str, int] | None
    """State, note, author and time (ms) of the last word, spoken of this revision or an earlier one."""


def known(connection: Connection, ids: Iterable[str]) -> dict[str, KnownVisit]:
    """Return what the rules must know of those of ``ids`` that there are."""
    found: dict[str, KnownVisit] = {}
    joined = visit.outerjoin(review, review.c.visit == visit.c.id)
    columns = (visit.c.id, visit.c.rev, visit.c.area, visit.c.author, review.c.visit_rev, review.c.state)
    for some in chunks(ids):
        for row in connection.execute(select(*columns).select_from(joined).where(visit.c.id.in_(some))):
            found[row[0]] = KnownVisit(*row[1:])
    return found


def counts(connection: Connection, tops: Sequence[Area] | None) -> dict[str, int]:
    """Return state → number of visits in the subtrees of ``tops``, from counters kept for each leaf area."""
    query = select(visit_count.c.state, func.sum(visit_count.c.visits)).group_by(visit_count.c.state)
    if tops is not None:
        query = query.where(visit_count.c.area.in_(_inside(tops)))
    held = {state: int(many) for state, many in connection.execute(query)}
    return {state: held.get(state, 0) for state in ("pending", "approved", "returned")}


def page(connection: Connection, filters: Filters, *, limit: int, before: int | None = None, size: int) -> Found:
    """Return at most ``limit`` visits whose sequence is below ``before``, the newest arrivals first.

    ``size`` is how many visits there are in the asked areas (:func:`counts`): with few, they are gathered by the index
    on areas and sorted; with many, the index on sequences is walked from the newest on, where a page's worth is never
    far. The walk is bounded, so that no filter makes a page slow: a page may be shorter than ``limit`` while ``below``
    says where to go on.
    """
    where = _conditions(filters)
    bound = (_newest(connection) if before is None else before - 1) + 1
    if filters.from_ms is not None and filters.to_ms is not None and filters.to_ms - filters.from_ms <= DATED:
        lowest, highest = _dated(connection, filters.from_ms, filters.to_ms)
        if highest is None:
            return Found([], None)
        where.append(visit.c.seq >= lowest)
        bound = min(bound, highest + 1)
    gathered = filters.by is not None or (filters.tops is not None and size <= NARROW)
    where += [visit.c.seq < bound, *_placed(filters, gathered=gathered)]
    floor = bound - _span(filters, bound, size, gathered=gathered)
    if floor > 0:
        where.append(visit.c.seq >= floor)
    where += [visit.c.search.contains(word, autoescape=True) for word in filters.words]
    order = (visit.c.seq + 0 if gathered else visit.c.seq).desc()
    rows = connection.execute(select(visit.c.id, visit.c.seq).where(*where).order_by(order).limit(limit + 1)).all()
    if len(rows) > limit:
        return Found([row.id for row in rows[:limit]], rows[limit - 1].seq)
    return Found([row.id for row in rows], floor if floor > 0 else None)


def rows(connection: Connection, ids: Sequence[str]) -> list[Listed]:
    """Return the visits of ``ids`` that there are, in that order."""
    found: dict[str, Listed] = {}
    for some in chunks(ids):
        found.update(
            (each.id, each) for each in map(_listed, connection.execute(_joined().where(visit.c.id.in_(some))))
        )
    return [found[each] for each in ids if each in found]


def history(connection: Connection, household_id: str, *, limit: int) -> list[Listed]:
    """Return the visits of a household, the newest first."""
    query = _joined().where(visit.c.household == household_id).order_by(visit.c.at_ms.desc(), visit.c.id.desc())
    return [_listed(row) for row in connection.execute(query.limit(limit))]


def _inside(tops: Sequence[Area]) -> Select[tuple[str]]:
    return select(area.c.id).where(or_(*(below(top) for top in tops)))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if filters.state is not None:
        where.append(visit.c.state == filters.state)
    if filters.outcome is not None:
        where.append(visit.c.outcome == filters.outcome)
    if filters.by is not None:
        where.append(visit.c.author == filters.by)
    if filters.from_ms is not None:
        where.append(visit.c.at_ms >= filters.from_ms)
    if filters.to_ms is not None:
        where.append(visit.c.at_ms < filters.to_ms)
    return where


def _placed(filters: Filters, *, gathered: bool) -> list[ColumnElement[bool]]:
    if filters.tops is None:
        return []
    if gathered and filters.by is None:
        return [visit.c.area.in_(_inside(filters.tops))]
    # An expression, so that no planner takes the index on areas: the one on sequences (or authors) is meant.
    return [(visit.c.area + "").in_(_inside(filters.tops))]


def _span(filters: Filters, bound: int, size: int, *, gathered: bool) -> int:
    """Return over how many sequences below ``bound`` one page looks."""
    if filters.words:
        return READ * max(1, bound // max(1, size))  # the fewer visits there are, the further apart they lie
    return bound if gathered else SPAN


def _newest(connection: Connection) -> int:
    return connection.scalar(select(func.max(visit.c.seq))) or 0


def _dated(connection: Connection, from_ms: int, to_ms: int) -> tuple[int | None, int | None]:
    query = select(func.min(visit.c.seq), func.max(visit.c.seq))
    row = connection.execute(query.where(visit.c.at_ms >= from_ms, visit.c.at_ms < to_ms)).one()
    return row[0], row[1]


def _joined() -> Select[Any]:
    return select(
        visit,
        household.c.address,
        household.c.name,
        arrival.c.received_ms,
        followup.c.due,
        followup.c.state.label("followup_state"),
        review.c.state.label("word"),
        review.c.note.label("word_note"),
        review.c.author.label("word_author"),
        review.c.at_ms.label("word_at_ms"),
    ).select_from(
        visit.outerjoin(household, household.c.id == visit.c.household)
        .outerjoin(arrival, arrival.c.visit == visit.c.id)
        .outerjoin(followup, followup.c.id == visit.c.followup)
        .outerjoin(review, review.c.visit == visit.c.id)
    )


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        id=row.id,
        rev=row.rev,
        seq=row.seq,
        area=row.area,
        household=row.household,
        address=row.address or row.household.split(":")[2],
        resident=row.name or "",
        author=row.author,
        at_ms=row.at_ms,
        received_ms=row.at_ms if row.received_ms is None else row.received_ms,
        outcome=row.outcome,
        needs=json.loads(row.needs),
        note=row.note,
        card_left=row.card_left,
        photos=json.loads(row.photos),
        followup=None if row.due is None else (row.followup, row.due, row.followup_state),
        state=row.state,
        review=None if row.word is None else (row.word, row.word_note, row.word_author, row.word_at_ms),
    )
