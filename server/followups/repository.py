"""Every query on follow-ups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, false, or_, select, tuple_

from server.areas.models import Area
from server.areas.repository import in_subtree
from server.areas.tables import area
from server.database.upsert import upsert
from server.followups.tables import followup

CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Followup:
    """A follow-up as the read model has it. ``due`` is a day in Shanghai."""

    id: str
    rev: str
    seq: int
    area: str
    household: str
    visit: str | None
    due: date
    assignee: str
    author: str
    why: str
    state: str
    done_by_visit: str | None
    done_ms: int | None
    at_ms: int


def by_ids(connection: Connection, ids: Iterable[str]) -> dict[str, Followup]:
    """Return those of ``ids`` that exist, by id."""
    wanted = sorted(set(ids))
    found: dict[str, Followup] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(followup).where(followup.c.id.in_(wanted[start : start + CHUNK]))
        found.update((row.id, _followup(row)) for row in connection.execute(query))
    return found


def put(connection: Connection, rows: Iterable[Followup]) -> None:
    """Insert or replace ``rows``."""
    upsert(connection, followup, [_values(each) for each in rows], ["id"])


def remove(connection: Connection, ids: Sequence[str]) -> None:
    """Delete the rows with these ``ids``."""
    for start in range(0, len(ids), CHUNK):
        connection.execute(delete(followup).where(followup.c.id.in_(ids[start : start + CHUNK])))


def between(connection: Connection, above: str, until: str) -> list[str]:
    """Return the ids of the rows above ``above`` and up to ``until``."""
    return list(connection.scalars(select(followup.c.id).where(followup.c.id > above, followup.c.id <= until)))


def overdue(connection: Connection, *, since: date, before: date, after: str = "", limit: int = 1000) -> list[Followup]:
    """Return open follow-ups that were due from ``since`` to the day before ``before``, by id from past ``after``."""
    query = (
        select(followup)
        .where(followup.c.state == "open", followup.c.due >= since.isoformat(), followup.c.due < before.isoformat())
        .where(followup.c.id > after)
        .order_by(followup.c.id)
        .limit(limit)
    )
    return [_followup(row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see: all in ``supervised`` areas; in ``readable`` ones what is to or by the account ``name``.

    Areas stand for their subtrees. ``everything`` is for administrators.
    """

    name: str
    supervised: Sequence[Area]
    readable: Sequence[Area]
    everything: bool = False

    def condition(self) -> ColumnElement[bool]:
        """Return it as SQL, over ``followup`` joined with ``area``."""
        own = or_(followup.c.assignee == self.name, followup.c.author == self.name)
        if self.everything:
            return followup.c.id.is_not(None)
        return or_(_within(self.supervised), and_(own, _within(self.readable)))


def search(
    connection: Connection,
    sight: Sight,
    *,
    state: str | None = None,
    to: str | None = None,
    under: Area | None = None,
    due_until: date | None = None,
    after: tuple[str, str] | None = None,
    limit: int,
) -> list[Followup]:
    """Return follow-ups by due day and id, from past ``after`` (a due day and an id)."""
    query = (
        select(followup)
        .join(area, area.c.id == followup.c.area, isouter=True)
        .where(sight.condition())
        .order_by(followup.c.due, followup.c.id)
        .limit(limit)
    )
    if state is not None:
        query = query.where(followup.c.state == state)
    if to is not None:
        query = query.where(followup.c.assignee == to)
    if under is not None:
        query = query.where(in_subtree(area.c.path, under.path))
    if due_until is not None:
        query = query.where(followup.c.due <= due_until.isoformat())
    if after is not None:
        query = query.where(tuple_(followup.c.due, followup.c.id) > after)
    return [_followup(row) for row in connection.execute(query)]


def _within(tops: Sequence[Area]) -> ColumnElement[bool]:
    return or_(false(), *(in_subtree(area.c.path, top.path) for top in tops))


def _followup(row: Row[Any]) -> Followup:
    facts = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
    return Followup(**facts | {"due": date.fromisoformat(row.due)})


def _values(each: Followup) -> dict[str, Any]:
    return {name: getattr(each, name) for name in Followup.__dataclass_fields__} | {"due": each.due.isoformat()}
