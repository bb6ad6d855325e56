"""How often somebody may have a test message sent: each is a request to somebody else's server."""

import math
from datetime import timedelta
from typing import Final

from server.clock import Clock
from server.errors import TooManyRequests
from server.window import Window

MOST: Final = 5
"""Test messages of one account, pushes and addresses together, within :data:`WITHIN`."""
WITHIN: Final = timedelta(minutes=10)


class Trials:
    """Counts test messages by ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._window: Final = Window(MOST, WITHIN)

    def begin(self, account: str) -> None:
        """Count one. Raises :class:`TooManyRequests` when there were enough; that is not counted."""
        now = self._clock.now()
        wait = self._window.wait(account, now)
        if wait > timedelta():
            raise TooManyRequests(math.ceil(wait.total_seconds()))
        self._window.add(account, now)
