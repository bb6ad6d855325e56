"""What the API gives and takes about visits. Times are ISO 8601 in Shanghai's zone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.areas import repository as areas
from server.clock import shanghai_text
from server.visits.repository import Listed
from server.visits.service import Detail
from sync.access import Stored

State = Literal["pending", "approved", "returned"]


class Named(BaseModel):
    """An area by id and name."""

    id: str
    name: str


class Person(BaseModel):
    """An account by log-in name, and the name to show."""

    name: str
    display_name: str


class Where(BaseModel):
    """A household as lists show it; ``name`` is empty when nobody's name is kept."""

    id: str
    address: str
    name: str


class FullHousehold(Where):
    """A household with all the fields of its document."""

    model_config = ConfigDict(extra="allow")


class Promise(BaseModel):
    """The follow-up that a visit promised."""

    id: str
    due: str
    state: str


class Word(BaseModel):
    """The last word on a visit; it may speak of an earlier revision (then the visit is pending)."""

    state: Literal["approved", "returned"]
    note: str
    by: str
    """The name to show of who said it."""
    at: str


class VisitRow(BaseModel):
    """A visit in a list. ``received_at`` is when the server took in its current revision."""

    id: str
    rev: str
    area: Named
    household: Where
    by: Person
    at: str
    received_at: str
    outcome: str
    needs: list[str]
    note: str
    card_left: bool
    photos: list[str]
    followup: Promise | None
    state: State
    review: Word | None


class Counts(BaseModel):
    """How many visits the asked areas have, by state, whatever the other filters."""

    pending: int
    approved: int
    returned: int


class VisitList(BaseModel):
    """A page, newest arrival first. A page may be short while ``next`` is not null: then there is more further back."""

    items: list[VisitRow]
    next: str | None
    counts: Counts


class RevisionView(BaseModel):
    """A version of a visit; ``losing`` marks one that was edited elsewhere at the same time and is kept beside."""

    rev: str
    at: str
    by: str
    losing: bool


class VisitDetail(VisitRow):
    """A visit with its household's document in full, and the household's visits, newest first."""

    household: FullHousehold
    history: list[VisitRow]
    revisions: list[RevisionView]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


Id = Annotated[str, Field(max_length=64)]
Rev = Annotated[str, Field(max_length=128)]


class Approval(_Body):
    """Approve the visit as it was read: at this revision."""

    rev: Rev


class Return(_Body):
    """Return the visit with a sentence that says what to mend."""

    rev: Rev
    note: str = Field(max_length=500)


class ApprovalItem(_Body):
    """One of many."""

    id: Id
    rev: Rev


class Approvals(_Body):
    """Approve several at once."""

    items: list[ApprovalItem] = Field(min_length=1, max_length=200)


class ApprovalResult(BaseModel):
    """What became of one; ``detail`` says why it was not approved and what to do."""

    id: str
    ok: bool
    detail: str = ""


class ApprovalResults(BaseModel):
    """One result per item, in order."""

    items: list[ApprovalResult]


def shown(connection: Connection, listed: Sequence[Listed]) -> list[VisitRow]:
    """Return the rows as the API shows them, with the names of areas and people: two queries for all."""
    places = areas.areas_of(connection, (each.area for each in listed))
    people = accounts.display_names(connection, _names(listed))

    def person(name: str) -> Person:
        return Person(name=name, display_name=people.get(name, name))

    def row(each: Listed) -> VisitRow:
        place = places.get(each.area)
        return VisitRow(
            id=each.id,
            rev=each.rev,
            area=Named(id=each.area, name=each.area if place is None else place.name),
            household=Where(id=each.household, address=each.address, name=each.resident),
            by=person(each.author),
            at=shanghai_text(each.at_ms),
            received_at=shanghai_text(each.received_ms),
            outcome=each.outcome,
            needs=each.needs,
            note=each.note,
            card_left=each.card_left,
            photos=each.photos,
            followup=_promise(each),
            state=_state(each.state),
            review=None if each.review is None else _word(each.review, people),
        )

    return [row(each) for each in listed]


def detailed(connection: Connection, found: Detail) -> VisitDetail:
    """Return one visit as the API shows it."""
    first, *history = shown(connection, [found.visit, *found.history])
    return VisitDetail(
        **dict(first) | {"household": _full(first.household, found.household)},
        history=history,
        revisions=[RevisionView(rev=r.rev, at=r.at, by=r.by, losing=r.losing) for r in found.revisions],
    )


def _names(listed: Sequence[Listed]) -> Iterable[str]:
    for each in listed:
        yield each.author
        if each.review is not None:
            yield each.review[2]


def _promise(each: Listed) -> Promise | None:
    if each.followup is None:
        return None
    followup, due, state = each.followup
    return Promise(id=followup, due=due, state=state)


def _word(said: tuple[str, str, str, int], people: Mapping[str, str]) -> Word:
    state, note, author, at_ms = said
    return Word(
        state="approved" if state == "approved" else "returned",
        note=note,
        by=people.get(author, author),
        at=shanghai_text(at_ms),
    )


def _state(text: str) -> State:
    if text == "approved":
        return "approved"
    return "returned" if text == "returned" else "pending"


def _full(known: Where, stored: Stored | None) -> FullHousehold:
    body: dict[str, Any] = {} if stored is None else dict(stored.body)
    return FullHousehold(**body | dict(known))
