"""How often somebody may try to log in: sliding windows over failures, per name and per client address.

Kept in memory, by each process for itself: nothing about who failed from where is written to disk, and a flood of
guesses costs no disk writes. With N server processes a guesser has N times the tries; a restart forgets them.
A try counts from its beginning, so that many at once do not slip through, and is taken back when it succeeds.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from server.accounts.settings import AccountSettings
from server.clock import Clock
from server.errors import TooManyRequests

MOST: Final = 10_000
"""Most names and addresses remembered; the longest unused is forgotten first."""


@dataclass
class _Window:
    """Moments of tries by subject, oldest first."""

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
        moments = self.tries.pop(subject, deque[datetime]())
        moments.append(now)
        self.tries[subject] = moments
        if len(self.tries) > MOST:
            del self.tries[next(iter(self.tries))]

    def take_back(self, subject: str, moment: datetime) -> None:
        moments = self.tries.get(subject)
        if moments is not None and moment in moments:
            moments.remove(moment)
            if not moments:
                del self.tries[subject]


@dataclass(frozen=True, slots=True)
class Try:
    """A try that has begun."""

    name: str
    client: str
    at: datetime


class Attempts:
    """Counts tries by ``clock`` against the limits of ``settings``."""

    def __init__(self, clock: Clock, settings: AccountSettings) -> None:
        length = timedelta(seconds=settings.login_window_seconds)
        self._clock: Final = clock
        self._names: Final = _Window(settings.login_tries_per_account, length)
        self._clients: Final = _Window(settings.login_tries_per_client, length)

    def begin(self, name: str, client: str) -> Try:
        """Count a try to log in as ``name`` from the address ``client``.

        Raises :class:`TooManyRequests` with the seconds to wait when either has failed too often; that is not counted.
        """
        now = self._clock.now()
        wait = max(self._names.wait(name, now), self._clients.wait(client, now))
        if wait > timedelta():
            raise TooManyRequests(int(wait.total_seconds()) + 1)
        self._names.add(name, now)
        self._clients.add(client, now)
        return Try(name, client, now)

    def succeeded(self, done: Try) -> None:
        """Forget the failures of the name, and take this try back from the address."""
        self._names.tries.pop(done.name, None)
        self._clients.take_back(done.client, done.at)
