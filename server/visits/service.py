"""What supervisors do with visits: find them, and read one with its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import Connection

from server.accounts.models import Account, Role
from server.areas import repository as areas
from server.areas.models import Area
from server.areas.policy import granted_areas, may_review
from server.clock import SHANGHAI, to_ms
from server.documents.projection import DATABASE
from server.errors import Forbidden, Invalid
from server.reviews.service import reviewable
from server.visits import repository
from server.visits.repository import Filters, Listed
from sync.access import Stored
from sync.store import Store

DAY_MS: Final = 86_400_000
"""A day of Shanghai's, which knows no summer time."""
MOST_WORDS: Final = 4
HISTORY: Final = 50
"""Most visits of one household that are shown beside a visit."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a supervisor asks for; dates are days in Shanghai, both included."""

    area: str = ""
    first: date | None = None
    last: date | None = None
    outcome: str | None = None
    state: str | None = None
    by: str | None = None
    text: str = ""
    limit: int = 50
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class VisitPage:
    """A page of visits; ``following`` is the cursor of the next one. ``counts`` are of the asked areas, unfiltered."""

    visits: list[Listed]
    following: str | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Revision:
    """A leaf of a visit's revision tree; ``losing`` for those that CouchDB's rule did not choose."""

    rev: str
    at: str
    by: str
    losing: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """One visit with all that is needed to decide on it."""

    visit: Listed
    history: list[Listed]
    household: Stored | None
    revisions: list[Revision]


def supervised(connection: Connection, account: Account) -> list[Area]:
    """Return the areas that ``account`` supervises, without those inside another of them."""
    granted = areas.areas_of(connection, granted_areas(account, Role.SUPERVISOR))
    return [each for each in granted.values() if not any(above in granted for above in each.path[:-1])]


def page(connection: Connection, account: Account, query: Query) -> VisitPage:
    """Return the visits that ``query`` asks for, in the areas that ``account`` supervises.

    Raises :class:`Forbidden` for another area, :class:`Invalid` for a cursor that is none.
    """
    tops = _tops(connection, account, query.area)
    narrowed = None if _everything(connection, tops) else tops
    counts = repository.counts(connection, narrowed)
    filters = Filters(
        tops=narrowed,
        state=query.state,
        outcome=query.outcome,
        by=query.by,
        from_ms=None if query.first is None else _midnight(query.first),
        to_ms=None if query.last is None else _midnight(query.last) + DAY_MS,
        words=tuple(query.text.lower().split()[:MOST_WORDS]),
    )
    before = _sequence(query.cursor)
    found = repository.page(connection, filters, limit=query.limit, before=before, size=sum(counts.values()))
    following = None if found.below is None else str(found.below)
    return VisitPage(repository.rows(connection, found.ids), following, counts)


def detail(connection: Connection, store: Store, account: Account, visit_id: str) -> Detail:
    """Return one visit with the household and its other visits.

    Raises :class:`~server.errors.NotFound`, and :class:`Forbidden` when it is not in a supervised area.
    """
    stored = reviewable(connection, store, account, visit_id)
    household = str(stored.body["household"])
    return Detail(
        visit=repository.rows(connection, [visit_id])[0],
        history=repository.history(connection, household, limit=HISTORY),
        household=_live(store.get_now(connection, DATABASE, household)),
        revisions=list(_revisions(connection, store, visit_id)),
    )


def _tops(connection: Connection, account: Account, area_id: str) -> list[Area]:
    if not area_id:
        return supervised(connection, account)
    asked = areas.one(connection, area_id)
    if asked is None or not may_review(account, asked.path):
        raise Forbidden("这个网格不由您负责，不能查看。请换一个网格，或请管理员开通。")
    return [asked]


def _everything(connection: Connection, tops: Sequence[Area]) -> bool:
    chosen = {top.id for top in tops}
    return all(root.id in chosen for root in areas.children(connection, None))


def _midnight(day: date) -> int:
    return to_ms(datetime.combine(day, time(), SHANGHAI))


def _sequence(cursor: str) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):  # noqa: PLR2004  below 2**63
        raise Invalid("cursor", "翻页位置不对，请回到列表开头再看。")
    return int(cursor)


def _live(stored: Stored | None) -> Stored | None:
    return None if stored is None or stored.deleted else stored


def _revisions(connection: Connection, store: Store, visit_id: str) -> Sequence[Revision]:
    found: list[Revision] = []
    for place, (rev, deleted) in enumerate(store.leaves_now(connection, DATABASE, visit_id)):
        body: dict[str, Any] = store.revision_now(connection, DATABASE, visit_id, rev) or {}
        if not deleted:
            found.append(Revision(rev, str(body.get("at", "")), str(body.get("by", "")), losing=place > 0))
    return found
