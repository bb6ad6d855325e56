"""What was promised and not kept in time: told once to the one who promised, and once to those who answer for the area.

Days late are counted in working days; see ``docs/decisions/0003-reminder-times.md``.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.accounts.models import Role
from server.areas import repository as areas
from server.areas.models import Area
from server.calendar import repository as calendars
from server.calendar.days import Calendar, published
from server.clock import to_ms
from server.followups import repository as followups
from server.followups.repository import Followup
from server.reminders import planning, repository
from server.reminders.models import Plan
from server.reminders.times import Times, local_date
from server.scheduling import runs

JOB: Final = "late_scan"
BATCH: Final = 1000

_log = structlog.get_logger(__name__)


def is_waiting(connection: Connection, times: Times, now: datetime) -> bool:
    """Return whether the scan of today is due and not done."""
    morning = times.morning(local_date(now))
    return now >= morning and not runs.is_recorded(connection, JOB, to_ms(morning))


def scan_once(connection: Connection, times: Times, now: datetime, *, holder: str) -> None:
    """Plan the reminders of what is late today, once a day: the record of the run is in the same transaction."""
    today = local_date(now)
    scheduled = to_ms(times.morning(today))
    if not runs.begin(connection, JOB, scheduled, holder=holder, now_ms=to_ms(now)):
        return
    if not published(today.year):
        _log.warning("calendar_not_published", year=today.year)
    calendar = calendars.calendar(connection, provisional=True)
    since = today - timedelta(days=times.settings.stale_days)
    after = ""
    while batch := followups.overdue(connection, since=since, before=today, after=after, limit=BATCH):
        repository.plan(connection, plans(connection, batch, today, times, calendar))
        after = batch[-1].id
    runs.end(connection, JOB, scheduled, now_ms=to_ms(now), outcome="ok")


def plans(
    connection: Connection, overdue: Sequence[Followup], today: date, times: Times, calendar: Calendar
) -> list[Plan]:
    """Return the reminders that ``overdue`` follow-ups call for today; those that exist already are among them."""
    after, escalate = times.settings.late_after_working_days, times.settings.escalate_after_working_days
    told = {due: calendar.shift(due, after) for due in {each.due for each in overdue}}
    raised = {due: calendar.shift(due, escalate) for due in {each.due for each in overdue}}
    places = areas.areas_of(connection, {each.area for each in overdue})
    supervisors: dict[str, list[str]] = {}
    at = times.morning(today)
    made: dict[str, Plan] = {}
    for each in overdue:
        names = [each.assignee] if today >= told[each.due] else []
        if today >= raised[each.due] and each.area in places:
            if each.area not in supervisors:
                supervisors[each.area] = nearest(connection, places[each.area])
            names += supervisors[each.area]
        for name in names:
            plan = planning.late_plan(each, name, at)
            made[plan.id] = plan
    return list(made.values())


def nearest(connection: Connection, place: Area) -> list[str]:
    """Return who supervises ``place``: those of the nearest area at or above it that has any."""
    found = (accounts.granted_on(connection, [each], Role.SUPERVISOR) for each in reversed(place.path))
    return next((names for names in found if names), [])
