"""What :class:`sync.store.database.Database` needs of a database system: connections, and how a write holds it alone.

There is one backend for each system, in a file of its own, imported only when a URL names it.
"""

from collections.abc import Callable
from typing import Final, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

BUSY_SECONDS: Final = 30.0
"""How long a writer waits for a writer of another process before it gives up."""


class TransactionLost(Exception):
    """The database undid the transaction under way, and with it the work of all who shared it: nothing is stored."""

    def __init__(self) -> None:
        super().__init__("the database undid the transaction: nothing of it is stored")


class Ears(Protocol):
    """What this process hears of other processes' commits."""

    @property
    def times(self) -> int:
        """How many times listening began; 0 while nothing is heard. After each beginning something may be missed."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class Backend(Protocol):
    """One database system."""

    @property
    def write_engine(self) -> Engine:
        """One connection, whose transactions are begun such that no other writer of any process runs beside them."""
        ...

    @property
    def read_engine(self) -> Engine:
        """Connections for reading, each transaction one snapshot."""
        ...

    def check(self, connection: Connection) -> None:
        """Raise :class:`TransactionLost` when the transaction under way does not stand any more."""
        ...

    def listen(self, heard: Callable[[str], None]) -> Ears | None:
        """Have ``heard`` called, in a thread, with each announcement of any process; ``None``: it cannot be had."""
        ...


def backend(url: URL, *, readers: int) -> Backend:
    """Return the backend for ``url``. Raises ``ValueError`` when there is none."""
    match url.get_backend_name():
        case "sqlite":
            from sync.store.sqlite import Sqlite  # noqa: PLC0415  the system that is named, and no other

            return Sqlite(url, readers=readers)
        case "postgresql":
            from sync.store.postgresql import Postgresql  # noqa: PLC0415  the same

            return Postgresql(url, readers=readers)
        case other:
            raise ValueError(f"no backend for {other!r}: use sqlite:///… or postgresql+psycopg://…")
