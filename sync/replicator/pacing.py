"""When to try again: exponential back-off with full jitter, and never before the peer said."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_WISH: Final = 600.0
"""Seconds; a peer that asks for a longer wait is asked again after this one."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """Waits of up to ``first`` seconds, doubling up to ``most``. ``random`` gives numbers from 0 to below 1."""

    first: float
    most: float
    random: Callable[[], float]

    def wait(self, attempt: int, retry_after: float = 0.0) -> float:
        """Return the seconds to wait after failure number ``attempt`` (from 1), at least ``retry_after``.

        Half of it is chance, so that those who were cut off together do not come back together.
        """
        bound = min(self.most, self.first * 2.0 ** min(attempt - 1, 40))
        return max(min(retry_after, LONGEST_WISH), bound / 2) + self.random() * bound / 2


def retry_after(header: str | None, now: datetime) -> float:
    """Return the seconds that a ``Retry-After`` header asks for: a number or a date (RFC 9110, 10.2.3); else 0."""
    if header is None:
        return 0.0
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0
