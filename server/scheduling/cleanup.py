"""What is no longer needed is erased on a schedule."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.clock import to_ms
from server.reminders import repository as reminders
from server.scheduling import runs
from server.settings import Settings

RUNS_DAYS: Final = 30


def clean(connection: Connection, settings: Settings, now: datetime) -> None:
    """Delete sessions that have ended, reminders past their time, and old records of runs."""
    accounts.forget_sessions(
        connection,
        created_before_ms=to_ms(now - timedelta(days=settings.accounts.session_days)),
        seen_before_ms=to_ms(now - timedelta(days=settings.accounts.session_idle_days)),
    )
    reminders.erase(connection, to_ms(now - timedelta(days=settings.reminders.keep_days)))
    runs.erase(connection, to_ms(now - timedelta(days=RUNS_DAYS)))
