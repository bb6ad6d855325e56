"""What every resource works with."""

from collections.abc import Callable
from typing import Final

from sync.access import Gatekeeper
from sync.errors import Busy
from sync.limits import Limits
from sync.store.contract import DocumentStore


class Front:
    """The store, the application's say over it, and what one client may ask for."""

    def __init__(self, store: DocumentStore, gatekeeper: Gatekeeper, limits: Limits) -> None:
        self.store: Final = store
        self.gatekeeper: Final = gatekeeper
        self.limits: Final = limits
        self.feeds = 0
        """Feeds that are open now."""

    def take_feed(self) -> Callable[[], None]:
        """Take one of the places for feeds; return what gives it back. Raises ``Busy`` when all are taken."""
        if self.feeds >= self.limits.feeds:
            raise Busy("too many open change feeds", retry_after=5)
        self.feeds += 1
        return self._give_back

    def _give_back(self) -> None:
        self.feeds -= 1
