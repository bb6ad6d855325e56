"""When a reminder goes out: pure functions of settings and moments. Dates and times of day are Shanghai's."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from server.clock import SHANGHAI
from server.reminders.settings import ReminderSettings

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """The rules of ``settings`` as functions."""

    settings: ReminderSettings

    def morning(self, day: date) -> datetime:
        """Return the moment at which the reminders of ``day`` go out."""
        return datetime.combine(day, self.settings.digest_at, SHANGHAI)

    def is_quiet(self, moment: datetime) -> bool:
        """Return whether ``moment`` is in the quiet hours: nobody is disturbed then."""
        start, end = self.settings.quiet_from, self.settings.quiet_until
        at = local_time(moment)
        return start <= at < end if start <= end else at >= start or at < end

    def end_of_quiet(self, day: date) -> datetime:
        """Return when on the morning of ``day`` people may be disturbed again."""
        return datetime.combine(day, min(self.settings.quiet_until, self.settings.digest_at), SHANGHAI)

    def out_of_quiet(self, moment: datetime) -> datetime:
        """Return ``moment``, or when it is in the quiet hours the next morning's moment: one message then tells all."""
        if not self.is_quiet(moment):
            return moment
        morning = self.morning(local_date(moment))
        return morning if morning >= moment else self.morning(local_date(moment) + _DAY)

    def retry(self, now: datetime, attempts: int, *, retry_after: float | None, chance: random.Random) -> datetime:
        """Return when to try again after ``attempts`` failures: back-off doubles, and ``chance`` spreads it.

        A server that said ``retry_after`` (seconds) is not asked sooner.
        """
        limits = self.settings
        wait = min(limits.backoff_seconds * 2.0 ** min(attempts - 1, 30), limits.backoff_limit_seconds)
        wait *= 1 + chance.uniform(-limits.jitter, limits.jitter)
        return self.out_of_quiet(now + timedelta(seconds=max(wait, retry_after or 0)))


def local_date(moment: datetime) -> date:
    """Return the date of ``moment`` in Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def local_time(moment: datetime) -> time:
    """Return the time of day of ``moment`` in Shanghai."""
    return moment.astimezone(SHANGHAI).time()
