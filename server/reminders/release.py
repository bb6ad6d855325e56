"""What is due goes out: folded so that each person gets one message, and written down before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.accounts.models import Account
from server.areas import repository as areas
from server.areas.models import Area
from server.areas.policy import may_read
from server.channels import targets
from server.clock import to_ms
from server.reminders import deliveries, late, repository
from server.reminders.models import Kind, Plan, State
from server.reminders.repository import Reminded
from server.reminders.times import Times, local_date

ACCOUNTS: Final = 50
"""Accounts served in one transaction: short ones, phones are pushing meanwhile."""
FOLLOWUPS: Final = (Kind.FOLLOWUP_DUE, Kind.FOLLOWUP_LATE)


@dataclass(frozen=True, slots=True)
class Window:
    """What may go out now: reminders of ``kinds`` planned from ``since_ms`` to ``until_ms``."""

    kinds: tuple[Kind, ...]
    since_ms: int
    until_ms: int


def window(times: Times, now: datetime) -> Window | None:
    """Return what may go out at ``now``; ``None`` in the quiet hours.

    Between their end and the morning's moment only what came up just then: what came up at night waits with the day's
    follow-ups, so that one message tells it all.
    """
    if times.is_quiet(now):
        return None
    today = local_date(now)
    if now >= times.morning(today):
        return Window((*FOLLOWUPS, Kind.VISIT_RETURNED), 0, to_ms(now))
    return Window((Kind.VISIT_RETURNED,), to_ms(times.end_of_quiet(today)), to_ms(now))


def is_work(connection: Connection, times: Times, now: datetime) -> bool:
    """Return whether :func:`release` would do anything. Reads only."""
    open_ = window(times, now)
    if open_ is None:
        return False
    return late.is_waiting(connection, times, now) or bool(_accounts(connection, open_, 1))


def release(connection: Connection, times: Times, now: datetime, *, holder: str) -> int:
    """Release what is due at ``now``, for some accounts; return how many reminders. Call it again until it is 0.

    One transaction: a reminder is either planned, or told in the application with its deliveries queued.
    """
    open_ = window(times, now)
    if open_ is None:
        return 0
    if late.is_waiting(connection, times, now):
        late.scan_once(connection, times, now, holder=holder)
    names = _accounts(connection, open_, ACCOUNTS)
    if not names:
        return 0
    taken = repository.take(
        connection, names, open_.kinds, since_ms=open_.since_ms, until_ms=open_.until_ms, now_ms=to_ms(now)
    )
    paths = areas.areas_of(connection, {each.area for each in taken if each.area})
    for name, group in groupby(taken, key=lambda each: each.account):
        account = accounts.find(connection, name)
        mine = list(group)
        current = [each for each in mine if _concerns(each, account, paths, times, local_date(now))]
        kept = {each.id for each in current}
        repository.set_state(connection, [each.id for each in mine if each.id not in kept], State.CANCELLED)
        if current:
            _tell(connection, name, current, now)
    return len(taken)


def _accounts(connection: Connection, open_: Window, limit: int) -> list[str]:
    return repository.due_accounts(
        connection, open_.kinds, since_ms=open_.since_ms, until_ms=open_.until_ms, limit=limit
    )


def _concerns(each: Reminded, account: Account | None, paths: Mapping[str, Area], times: Times, today: date) -> bool:
    """Return whether it is still for ``account`` to know: neither too old, nor of an area taken from them."""
    if account is None:
        return False
    oldest = today - timedelta(days=times.settings.stale_days)
    if each.due is not None and date.fromisoformat(each.due) < oldest:
        return False
    if each.area is None:
        return True
    place = paths.get(each.area)
    return place is not None and may_read(account, place.path)


def _tell(connection: Connection, account: str, told: Sequence[Reminded], now: datetime) -> None:
    """Make one message of all that is ``told`` to ``account``."""
    overdue = {each.matter for each in told if each.kind is Kind.FOLLOWUP_LATE}
    speaking = [each for each in told if each.kind is not Kind.FOLLOWUP_DUE or each.matter not in overdue]
    speaker = speaking[0].id if len(speaking) == 1 else _digest(connection, account, now)
    repository.set_state(connection, [each.id for each in told if each.id != speaker], State.FOLDED, into=speaker)
    deliveries.queue(connection, speaker, targets.of_account(connection, account), to_ms(now))


def _digest(connection: Connection, account: str, now: datetime) -> str:
    """Make a digest: the day's first, or a further one when more came up during the day."""
    day = local_date(now).isoformat()
    number = 1
    while True:
        made = Plan(f"digest@{day}.{number}", account, Kind.DIGEST, to_ms(now))
        if repository.add(connection, made, state=State.RELEASED, released_ms=to_ms(now)):
            return made.id
        number += 1
