"""What every resource works with."""

from asyncio import Semaphore, Task
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sync.access import Gatekeeper
from sync.errors import Busy
from sync.limits import Limits
from sync.mango.keeping import Keeper
from sync.store.contract import DocumentStore

if TYPE_CHECKING:
    from sync.replicator.jobs import Replicator

SCANS: Final = 2
"""Pieces of areas that queries read through at the same time: pulls and pushes are to find a reader free."""


class Front:
    """The store, the application's say over it, and what one client may ask for."""

    def __init__(
        self,
        store: DocumentStore,
        gatekeeper: Gatekeeper,
        limits: Limits,
        replicator: "Replicator | None" = None,
    ) -> None:
        self.store: Final = store
        self.gatekeeper: Final = gatekeeper
        self.limits: Final = limits
        self.replicator: Final = replicator
        self.indexes: Final = Keeper(store)
        self.scans: Final = Semaphore(SCANS)
        """Taken by a query for each piece of an area that it reads through."""
        self.compactions: Final[dict[str, tuple[int, Task[None]]]] = {}
        """The databases that are being compacted, since when (seconds), and by what."""
        self.feeds = 0
        """Feeds that are open now."""
        self._of_each: Final[Counter[str]] = Counter()

    def take_feed(self, name: str) -> Callable[[], None]:
        """Take one of the places for feeds, for the account ``name``; return what gives it back.

        Raises ``Busy`` when all are taken, or all that one account may have.
        """
        if self.feeds >= self.limits.feeds or self._of_each[name] >= self.limits.feeds_each:
            raise Busy("too many open change feeds", retry_after=5)
        self.feeds += 1
        self._of_each[name] += 1
        return lambda: self._give_back(name)

    def _give_back(self, name: str) -> None:
        self.feeds -= 1
        self._of_each[name] -= 1
        if not self._of_each[name]:
            del self._of_each[name]
