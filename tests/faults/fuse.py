"""What ends the server in the middle of its work: at a moment that progress decides, never a clock."""

import threading
from collections.abc import Callable
from enum import StrEnum


class Event(StrEnum):
    """Something that the server is at, as seen from outside."""

    ASKED = "asked"
    """A phone has sent a request; the answer is still to come."""
    ACKNOWLEDGED = "acknowledged"
    """A phone was told that a document is stored."""
    TAKEN = "taken"
    """A push service has taken a message; the server does not know yet."""


class Fuse:
    """Calls ``burn``, once, in the thread in which the last of so many events happens, and before that goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._burn: Callable[[], object] | None = None
        self._awaited: Event | None = None
        self._left = 0

    def lay(self, awaited: Event, count: int, burn: Callable[[], object]) -> None:
        with self._lock:
            self._awaited, self._left, self._burn = awaited, count, burn

    def happened(self, event: Event, count: int = 1) -> None:
        with self._lock:
            if self._burn is None or event is not self._awaited:
                return
            self._left -= count
            if self._left <= 0:
                self._burn()
                self._burn = None

    @property
    def is_burnt(self) -> bool:
        with self._lock:
            return self._burn is None
