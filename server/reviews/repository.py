"""Every query on the read model of reviews."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, delete, select

from server.clock import to_ms
from server.database.chunks import chunks
from server.database.upsert import upsert
from server.documents.fields import parse_instant
from server.reviews.schemas import Review
from server.reviews.tables import review
from sync.access import Stored


@dataclass(frozen=True, slots=True)
class Word:
    """A supervisor's last word on the visit ``visit``, spoken of its revision ``visit_rev``."""

    visit: str
    rev: str
    seq: int
    visit_rev: str
    state: str
    note: str
    author: str
    at_ms: int


def project(connection: Connection, changed: Sequence[Stored]) -> None:
    """Bring the rows of these reviews up to their winners."""
    rows = [row for row in map(_row, changed) if row is not None]
    kept = {row["visit"] for row in rows}
    for some in chunks(visit_of(each.id) for each in changed if visit_of(each.id) not in kept):
        connection.execute(delete(review).where(review.c.visit.in_(some)))
    upsert(connection, review, rows, ("visit",))


def words(connection: Connection, visits: Iterable[str]) -> dict[str, Word]:
    """Return visit id → the last word on it, for those of ``visits`` that have one."""
    found: dict[str, Word] = {}
    for some in chunks(visits):
        for row in connection.execute(select(review).where(review.c.visit.in_(some))):
            found[row.visit] = Word(*row)
    return found


def visit_of(review_id: str) -> str:
    """Return the id of the visit that a review's id belongs to."""
    return "visit:" + review_id.partition(":")[2]


def review_of(visit_id: str) -> str:
    """Return the id of the review that belongs to a visit."""
    return "review:" + visit_id.partition(":")[2]


def _row(stored: Stored) -> dict[str, Any] | None:
    if stored.deleted:
        return None
    try:
        found = Review.model_validate(dict(stored.body))
    except ValidationError:
        return None
    return {
        "visit": visit_of(stored.id),
        "rev": stored.rev,
        "seq": stored.seq,
        "visit_rev": found.visit_rev,
        "state": found.state,
        "note": found.note or "",
        "author": found.by,
        "at_ms": to_ms(parse_instant(found.at)),
    }
