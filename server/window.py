"""Sliding windows over what somebody does too often."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 10_000
"""Most subjects remembered; the longest unused is forgotten first."""


@dataclass
class Window:
    """How often each subject may do something: ``limit`` times within ``length``.

    Kept in memory, by each process for itself; a restart forgets. ``tries`` has the moments by subject, oldest first.
    """

    limit: int
    length: timedelta
    tries: dict[str, deque[datetime]] = field(default_factory=dict)

    def wait(self, subject: str, now: datetime) -> timedelta:
        """Return how long ``subject`` must wait, zero when it may try."""
        moments = self.tries.get(subject)
        while moments and moments[0] <= now - self.length:
            moments.popleft()
        return moments[0] + self.length - now if moments and len(moments) >= self.limit else timedelta()

    def add(self, subject: str, now: datetime) -> None:
        """Count a try."""
        moments = self.tries.pop(subject, deque[datetime]())
        moments.append(now)
        self.tries[subject] = moments
        if len(self.tries) > MOST:
            del self.tries[next(iter(self.tries))]

    def take_back(self, subject: str, moment: datetime) -> None:
        """Have the try at ``moment`` not count."""
        moments = self.tries.get(subject)
        if moments is not None and moment in moments:
            moments.remove(moment)
            if not moments:
                del self.tries[subject]
