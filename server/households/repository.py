"""Every query on the read model of households and on who looked at what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, delete, insert, select

from server.database.chunks import chunks
from server.database.upsert import upsert
from server.households.schemas import Household
from server.households.tables import audit, household
from sync.access import Stored


@dataclass(frozen=True, slots=True)
class Known:
    """A household as lists show it."""

    id: str
    area: str
    address: str
    name: str


def project(connection: Connection, changed: Sequence[Stored]) -> None:
    """Bring the rows of these households up to their winners."""
    rows = [row for row in map(_row, changed) if row is not None]
    kept = {row["id"] for row in rows}
    for some in chunks(each.id for each in changed if each.id not in kept):
        connection.execute(delete(household).where(household.c.id.in_(some)))
    upsert(connection, household, rows, ("id",))


def searched(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return household id → the text by which a household is found, for those of ``ids`` that there are."""
    found: dict[str, str] = {}
    for some in chunks(ids):
        query = select(household.c.id, household.c.search).where(household.c.id.in_(some))
        found.update((row.id, row.search) for row in connection.execute(query))
    return found


def one(connection: Connection, household_id: str) -> Known | None:
    """Return a household, or ``None`` when there is none or it was deleted."""
    row = connection.execute(select(household).where(household.c.id == household_id)).first()
    return None if row is None else Known(row.id, row.area, row.address, row.name)


def settled(connection: Connection, areas: Iterable[str]) -> frozenset[str]:
    """Return those of ``areas`` that have households of their own, not only in areas below them."""
    found: set[str] = set()
    for some in chunks(areas):
        found.update(connection.scalars(select(household.c.area).where(household.c.area.in_(some)).distinct()))
    return frozenset(found)


def looked(
    connection: Connection, *, account: str, action: str, subject: str, household_id: str | None, at_ms: int
) -> None:
    """Write into the trace that ``account`` looked at ``subject`` (a document's id)."""
    values = {"account": account, "action": action, "subject": subject, "household": household_id, "at_ms": at_ms}
    connection.execute(insert(audit).values(**values))


def _row(stored: Stored) -> dict[str, Any] | None:
    if stored.deleted:
        return None
    try:
        found = Household.model_validate(dict(stored.body))
    except ValidationError:
        return None  # written past the rules, by an administrator: kept, and not listed
    return {
        "id": stored.id,
        "rev": stored.rev,
        "seq": stored.seq,
        "area": found.area,
        "door": found.door,
        "address": found.address,
        "name": found.name or "",
        "search": " ".join(filter(None, (found.address, found.name, found.pinyin))).lower(),
    }
