"""Every query on corrected days."""

from datetime import date

from sqlalchemy import Connection, delete, select

from server.calendar.days import Calendar, Override
from server.calendar.tables import override
from server.database.upsert import upsert


def overrides(connection: Connection, *, year: int | None = None) -> dict[date, Override]:
    """Return the corrected days, of one year when given. They are few: some dozens a year at most."""
    query = select(override)
    if year is not None:
        query = query.where(override.c.day.between(f"{year:04d}-01-01", f"{year:04d}-12-31"))
    return {date.fromisoformat(row.day): Override(row.working, row.name) for row in connection.execute(query)}


def calendar(connection: Connection, *, provisional: bool = False) -> Calendar:
    """Return the calendar as it stands, corrections included."""
    return Calendar(overrides(connection), provisional=provisional)


def put(connection: Connection, day: date, said: Override, *, account: str, at_ms: int) -> None:
    """Correct ``day``."""
    row = {"day": day.isoformat(), "working": said.working, "name": said.name, "account": account, "at_ms": at_ms}
    upsert(connection, override, [row], ["day"])


def remove(connection: Connection, day: date) -> bool:
    """Take the correction of ``day`` back; return whether there was one."""
    return connection.execute(delete(override).where(override.c.day == day.isoformat())).rowcount > 0
