"""How often somebody may try to log in: sliding windows over failures, per name and per client address.

Kept in memory, by each process for itself: nothing about who failed from where is written to disk, and a flood of
guesses costs no disk writes. With N server processes a guesser has N times the tries; a restart forgets them.
A try counts from its beginning, so that many at once do not slip through, and is taken back when it succeeds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from server.accounts.settings import AccountSettings
from server.clock import Clock
from server.errors import TooManyRequests
from server.window import Window


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
        self._names: Final = Window(settings.login_tries_per_account, length)
        self._clients: Final = Window(settings.login_tries_per_client, length)

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
