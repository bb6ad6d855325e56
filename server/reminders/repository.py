"""Every query on reminders."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, or_, select, update

from server.database.upsert import insert_absent, upsert
from server.reminders.models import Kind, Plan, Progress, State
from server.reminders.tables import delivery, reminder

CHUNK: Final = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reminded:
    """A reminder as it is stored."""

    id: str
    matter: str
    account: str
    kind: Kind
    state: State
    at_ms: int
    released_ms: int | None
    settled: bool
    read_ms: int | None
    folded_into: str | None
    area: str | None
    household: str | None
    followup: str | None
    visit: str | None
    due: str | None


def plan(connection: Connection, plans: Sequence[Plan]) -> None:
    """Make the reminders ``plans``; one that was taken back is planned again, one that was told stays told."""
    rows = [_values(each) for each in plans]
    upsert(connection, reminder, rows, ["id"], update=[])
    for each in _chunks(plans):
        ids = [one.id for one in each]
        again = reminder.c.id.in_(ids), reminder.c.state == State.CANCELLED
        connection.execute(update(reminder).where(*again).values(state=State.PLANNED, settled=False))
        reopen(connection, ids)


def reopen(connection: Connection, ids: Sequence[str]) -> None:
    """Undo :func:`settle` for reminders that were told: they are current again, and what was held back goes out."""
    for some in _chunks(ids):
        back = (reminder.c.id.in_(some), reminder.c.settled, reminder.c.state.in_((State.RELEASED, State.FOLDED)))
        rows = connection.execute(
            update(reminder).where(*back).values(settled=False).returning(reminder.c.id, reminder.c.folded_into)
        ).all()
        speakers = sorted({row.folded_into or row.id for row in rows})
        if speakers:
            held = delivery.c.reminder.in_(speakers), delivery.c.state == Progress.CANCELLED
            connection.execute(update(delivery).where(*held).values(state=Progress.QUEUED))


def settle(connection: Connection, ids: Sequence[str]) -> None:
    """Take back what is planned of ``ids``; what was told is no longer current, and what still waits is not sent."""
    for some in _chunks(ids):
        here = reminder.c.id.in_(some)
        planned = update(reminder).where(here, reminder.c.state == State.PLANNED)
        connection.execute(planned.values(state=State.CANCELLED, settled=True))
        rows = connection.execute(
            update(reminder)
            .where(here, reminder.c.state.in_((State.RELEASED, State.FOLDED)), reminder.c.settled.is_(False))
            .values(settled=True)
            .returning(reminder.c.id, reminder.c.folded_into)
        ).all()
        _hold_back(connection, sorted({row.folded_into or row.id for row in rows}))


def _hold_back(connection: Connection, speakers: Sequence[str]) -> None:
    """Cancel the waiting deliveries of those ``speakers`` that have nothing left to tell."""
    member = reminder.alias()
    current = exists().where(
        or_(member.c.id == delivery.c.reminder, member.c.folded_into == delivery.c.reminder),
        member.c.settled.is_(False),
        member.c.kind != Kind.DIGEST,
    )
    for some in _chunks(speakers):
        waiting = delivery.c.reminder.in_(some), delivery.c.state == Progress.QUEUED
        connection.execute(update(delivery).where(*waiting, ~current).values(state=Progress.CANCELLED))


def of_followups(connection: Connection, followups: Iterable[str]) -> dict[str, list[Reminded]]:
    """Return the reminders of each of ``followups``, by its id."""
    found: dict[str, list[Reminded]] = {}
    for some in _chunks(sorted(set(followups))):
        for row in connection.execute(select(reminder).where(reminder.c.followup.in_(some))):
            found.setdefault(row.followup, []).append(_reminded(row))
    return found


def of_visit(connection: Connection, visit: str, kind: Kind) -> list[Reminded]:
    """Return the reminders of ``kind`` about the visit."""
    query = select(reminder).where(reminder.c.visit == visit, reminder.c.kind == kind)
    return [_reminded(row) for row in connection.execute(query)]


def followups_with_reminders(connection: Connection, above: str, until: str) -> list[str]:
    """Return the ids of follow-ups above ``above`` and up to ``until`` that have reminders which are not settled."""
    current = reminder.c.followup > above, reminder.c.followup <= until, reminder.c.settled.is_(False)
    return list(connection.scalars(select(reminder.c.followup).where(*current).distinct()))


def due_accounts(
    connection: Connection, kinds: Sequence[Kind], *, since_ms: int, until_ms: int, limit: int
) -> list[str]:
    """Return some accounts that have reminders of ``kinds`` planned for between ``since_ms`` and ``until_ms``."""
    due = _due(kinds, since_ms, until_ms)
    return list(connection.scalars(select(reminder.c.account).where(*due).distinct().limit(limit)))


def take(
    connection: Connection, accounts: Sequence[str], kinds: Sequence[Kind], *, since_ms: int, until_ms: int, now_ms: int
) -> list[Reminded]:
    """Release what is due for ``accounts`` and return it. Of several processes each reminder goes to exactly one."""
    statement = (
        update(reminder)
        .where(*_due(kinds, since_ms, until_ms), reminder.c.account.in_(accounts))
        .values(state=State.RELEASED, released_ms=now_ms)
        .returning(reminder)
    )
    return sorted((_reminded(row) for row in connection.execute(statement)), key=lambda each: (each.account, each.id))


def set_state(connection: Connection, ids: Sequence[str], state: State, *, into: str | None = None) -> None:
    """Put reminders that were just taken into ``state``, told by the message of ``into``."""
    for some in _chunks(ids):
        settled = state is State.CANCELLED
        connection.execute(
            update(reminder).where(reminder.c.id.in_(some)).values(state=state, folded_into=into, settled=settled)
        )


def add(connection: Connection, made: Plan, *, state: State, released_ms: int) -> bool:
    """Insert a reminder that is told at once; return whether it is new."""
    row = _values(made) | {"state": state, "released_ms": released_ms}
    return insert_absent(connection, reminder, row, ["id"])


def told_by(connection: Connection, speakers: Sequence[str]) -> dict[str, list[Reminded]]:
    """Return what the messages of ``speakers`` are about now: themselves and what was folded in, if not settled."""
    found: dict[str, list[Reminded]] = {each: [] for each in speakers}
    for some in _chunks(speakers):
        query = select(reminder).where(
            or_(reminder.c.id.in_(some), reminder.c.folded_into.in_(some)),
            reminder.c.settled.is_(False),
            reminder.c.kind != Kind.DIGEST,
        )
        for row in connection.execute(query):
            found[row.folded_into or row.id].append(_reminded(row))
    return found


def of_account(connection: Connection, account: str, *, unread: bool, limit: int) -> list[Reminded]:
    """Return what ``account`` was told, newest first. Unread: not read, still current, and without mere digests."""
    query = select(reminder).where(reminder.c.account == account, reminder.c.state.in_((State.RELEASED, State.FOLDED)))
    if unread:
        query = query.where(reminder.c.read_ms.is_(None), reminder.c.settled.is_(False), reminder.c.kind != Kind.DIGEST)
    query = query.order_by(reminder.c.released_ms.desc(), reminder.c.id).limit(limit)
    return [_reminded(row) for row in connection.execute(query)]


def mark_read(connection: Connection, account: str, reminder_id: str, now_ms: int) -> bool:
    """Note that ``account`` has read the reminder (with a digest, all that it told); return whether it is theirs."""
    theirs = reminder.c.account == account, reminder.c.state.in_((State.RELEASED, State.FOLDED))
    if connection.scalar(select(reminder.c.id).where(reminder.c.id == reminder_id, *theirs)) is None:
        return False
    here = or_(reminder.c.id == reminder_id, reminder.c.folded_into == reminder_id)
    connection.execute(update(reminder).where(here, *theirs, reminder.c.read_ms.is_(None)).values(read_ms=now_ms))
    return True


def erase(connection: Connection, before_ms: int) -> int:
    """Delete reminders told before ``before_ms``, or taken back and planned for before it; return how many."""
    gone = and_(reminder.c.state == State.CANCELLED, reminder.c.at_ms < before_ms)
    old = or_(reminder.c.released_ms < before_ms, gone)
    connection.execute(delete(delivery).where(delivery.c.reminder.in_(select(reminder.c.id).where(old))))
    return connection.execute(delete(reminder).where(old)).rowcount


def _due(kinds: Sequence[Kind], since_ms: int, until_ms: int) -> tuple[ColumnElement[bool], ...]:
    return (
        reminder.c.state == State.PLANNED,
        reminder.c.at_ms.between(since_ms, until_ms),
        reminder.c.kind.in_(kinds),
    )


def _values(each: Plan) -> dict[str, Any]:
    return {"id": each.id, "state": State.PLANNED} | {name: getattr(each, name) for name in Plan.__dataclass_fields__}


def _reminded(row: Row[Any]) -> Reminded:
    facts = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
    return Reminded(**facts | {"kind": Kind(row.kind), "state": State(row.state)})


def _chunks(each: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(each), CHUNK):
        yield each[start : start + CHUNK]
