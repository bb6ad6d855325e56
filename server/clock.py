"""The clock. Nothing else in the application asks the machine for the time, so that tests can set it."""

from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
"""The time zone of every date that a user sees or types."""


@runtime_checkable  # handlers take it by injection, which checks what it hands over
class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still at ``at`` until it is moved."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment at which the clock stands, aware, in UTC."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move the clock by ``by``."""
        self._at += by

    def set(self, at: datetime) -> None:
        """Put the clock to the aware moment ``at``."""
        self._at = at.astimezone(UTC)


def to_ms(moment: datetime) -> int:
    """Return the aware ``moment`` as milliseconds since 1970-01-01 UTC, rounded down: the form kept in ``_ms`` columns.

    Raises :class:`ValueError` for a naive datetime.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """Return the moment ``milliseconds`` after 1970-01-01 UTC, aware, in UTC."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def shanghai_text(milliseconds: int) -> str:
    """Return a stored moment as the API shows it: ISO 8601 to the second in Shanghai's time, ``…T09:30:00+08:00``."""
    return from_ms(milliseconds).astimezone(SHANGHAI).isoformat(timespec="seconds")


def today(clock: Clock) -> date:
    """Return the date in Shanghai."""
    return clock.now().astimezone(SHANGHAI).date()


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
