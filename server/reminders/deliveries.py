"""Every query on deliveries: queued with the reminder, claimed by one process at a time, recorded when it is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, or_, select, update

from server.reminders.models import Channel, Progress, key_of
from server.reminders.tables import delivery


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this process may send now. ``attempts`` counts this one."""

    id: str
    reminder: str
    channel: Channel
    target: str
    attempts: int


def queue(connection: Connection, reminder: str, targets: Sequence[tuple[Channel, str]], now_ms: int) -> None:
    """Queue the reminder for each of ``targets``. In the application it is there at once: that one counts as sent."""
    rows = [
        {
            "id": key_of(reminder, channel, target),
            "reminder": reminder,
            "channel": channel,
            "target": target,
            "state": Progress.SENT if channel is Channel.IN_APP else Progress.QUEUED,
            "next_try_ms": now_ms,
            "ended_ms": now_ms if channel is Channel.IN_APP else None,
        }
        for channel, target in targets
    ]
    connection.execute(insert(delivery), rows)


def is_waiting(connection: Connection, *, due_ms: int, now_ms: int) -> bool:
    """Return whether :func:`claim` would find any."""
    return bool(connection.scalar(select(exists().where(_claimable(due_ms, now_ms)))))


def claim(connection: Connection, *, worker: str, due_ms: int, now_ms: int, until_ms: int, limit: int) -> list[Claim]:
    """Claim deliveries that are due at ``due_ms``, for ``worker`` alone until ``until_ms``.

    Also those whose claim has run out at ``now_ms``: whoever had them stopped between sending and recording, or before.
    """
    some = select(delivery.c.id).where(_claimable(due_ms, now_ms)).order_by(delivery.c.next_try_ms).limit(limit)
    statement = (
        update(delivery)
        .where(delivery.c.id.in_(some), _claimable(due_ms, now_ms))  # again: another may have been quicker
        .values(state=Progress.SENDING, claimed_by=worker, claimed_until_ms=until_ms, attempts=delivery.c.attempts + 1)
        .returning(delivery)
    )
    return [
        Claim(row.id, row.reminder, Channel(row.channel), row.target, row.attempts)
        for row in connection.execute(statement)
    ]


def sent(connection: Connection, claimed: Claim, now_ms: int) -> None:
    """Record that it went out. Also when the claim was lost meanwhile: what went out need not go out again."""
    here = delivery.c.id == claimed.id, delivery.c.state != Progress.SENT
    connection.execute(update(delivery).where(*here).values(_ended(Progress.SENT, now_ms, None)))


def failed(connection: Connection, claimed: Claim, now_ms: int, error: str) -> None:
    """Record that it will never go out. Without effect when the claim was lost."""
    connection.execute(update(delivery).where(_mine(claimed)).values(_ended(Progress.FAILED, now_ms, error)))


def cancelled(connection: Connection, claimed: Claim, now_ms: int) -> None:
    """Record that there is nothing left to tell. Without effect when the claim was lost."""
    connection.execute(update(delivery).where(_mine(claimed)).values(_ended(Progress.CANCELLED, now_ms, None)))


def again(connection: Connection, claimed: Claim, next_try_ms: int, error: str) -> None:
    """Queue it for another try. Without effect when the claim was lost."""
    values = {"state": Progress.QUEUED, "next_try_ms": next_try_ms, "error": error}
    connection.execute(update(delivery).where(_mine(claimed)).values(values | _UNCLAIMED))


def _claimable(due_ms: int, now_ms: int) -> ColumnElement[bool]:
    return or_(
        and_(delivery.c.state == Progress.QUEUED, delivery.c.next_try_ms <= due_ms),
        and_(delivery.c.state == Progress.SENDING, delivery.c.claimed_until_ms <= now_ms),
    )


def _mine(claimed: Claim) -> ColumnElement[bool]:
    return and_(
        delivery.c.id == claimed.id, delivery.c.state == Progress.SENDING, delivery.c.attempts == claimed.attempts
    )


def _ended(state: Progress, now_ms: int, error: str | None) -> dict[str, object]:
    return {"state": state, "ended_ms": now_ms, "error": error} | _UNCLAIMED


_UNCLAIMED: dict[str, object] = {"claimed_by": None, "claimed_until_ms": None}
