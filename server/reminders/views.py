"""What the API gives about reminders. The text is put together when it is read: no reminder keeps any."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from pydantic import BaseModel
from sqlalchemy import Connection

from server.accounts.models import Account
from server.areas import repository as areas
from server.areas.policy import may_read
from server.clock import shanghai_text
from server.followups import repository as followups
from server.followups.repository import Followup
from server.reminders import repository
from server.reminders.content import BODY_RETURNED, compose
from server.reminders.models import Kind
from server.reminders.repository import Reminded

TITLES: Final = {
    Kind.FOLLOWUP_DUE: "今天要回访",
    Kind.FOLLOWUP_LATE: "回访已过期",
    Kind.VISIT_RETURNED: "走访记录被退回，请修改",
}
SUPERVISED: Final = "片区内有回访逾期未办"
SETTLED: Final = "已办完"


class ReminderView(BaseModel):
    """A reminder. ``due`` is a day in Shanghai. ``current`` is false once the matter was dealt with."""

    id: str
    kind: Kind
    title: str
    body: str
    due: date | None
    household: str | None
    followup: str | None
    visit: str | None
    at: str
    read_at: str | None
    current: bool


class ReminderList(BaseModel):
    """Reminders, the newest first."""

    items: list[ReminderView]


def views(connection: Connection, account: Account, found: Sequence[Reminded]) -> list[ReminderView]:
    """Return reminders as ``account`` sees them: what was promised is told only in areas it may still read."""
    promised = followups.by_ids(connection, [each.followup for each in found if each.followup])
    places = areas.areas_of(connection, {each.area for each in found if each.area})
    readable = {each for each, place in places.items() if may_read(account, place.path)}
    shown = {each.id: each for each in promised.values() if each.area in readable}
    digests = repository.told_by(connection, [each.id for each in found if each.kind is Kind.DIGEST])
    return [_view(each, shown, digests.get(each.id, [])) for each in found]


def _view(each: Reminded, shown: Mapping[str, Followup], told: list[Reminded]) -> ReminderView:
    title, body = _text(each, shown.get(each.followup or ""), told)
    return ReminderView(
        id=each.id,
        kind=each.kind,
        title=title,
        body=body,
        due=None if each.due is None else date.fromisoformat(each.due),
        household=each.household,
        followup=each.followup,
        visit=each.visit,
        at=shanghai_text(each.at_ms if each.released_ms is None else each.released_ms),
        read_at=None if each.read_ms is None else shanghai_text(each.read_ms),
        current=not each.settled,
    )


def _text(each: Reminded, promise: Followup | None, told: list[Reminded]) -> tuple[str, str]:
    if each.kind is Kind.DIGEST:
        text = compose(told, ())
        return (SETTLED, "") if text is None else (text.title, text.body)
    if each.kind is Kind.VISIT_RETURNED:
        return TITLES[each.kind], BODY_RETURNED
    supervised = each.kind is Kind.FOLLOWUP_LATE and promise is not None and promise.assignee != each.account
    return SUPERVISED if supervised else TITLES[each.kind], promise.why if promise else ""
