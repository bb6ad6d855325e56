"""SQLite: one file, a writer at a time in all processes, readers beside it (write-ahead log)."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from sync.store.backend import BUSY_SECONDS, TransactionLost

PAGE: Final = 8192
"""Bytes of a page of a new file: a dozen records each. SQLite's 4096 take twice the system calls for a batch."""
LOG: Final = 16 * 1024 * 1024
"""Bytes of the log from which it is written back into the file, by the commit that comes to it."""
CACHE: Final = 8 * 1024 * 1024
"""Bytes of pages that each connection keeps."""


class Sqlite:
    """The database file that ``url`` names."""

    def __init__(self, url: URL, *, readers: int) -> None:
        self.write_engine: Final = _engine(url, begin="BEGIN IMMEDIATE", size=1)
        self.read_engine: Final = _engine(url, begin="BEGIN", size=readers)

    def check(self, connection: Connection) -> None:
        """Raise :class:`TransactionLost` when the transaction under way does not stand any more.

        SQLite itself undoes a whole transaction when the disk is full or fails (sqlite.org/lang_transaction.html, 3):
        then the work of those before is gone, and savepoints would commit the work of those after one by one.
        """
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            raise TransactionLost

    def listen(self, _heard: Callable[[str], None]) -> None:
        """Do nothing: SQLite tells no process of what others commit."""


def _engine(url: URL, *, begin: str, size: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        pool_use_lifo=True,  # mostly one reader is busy: it has the pages, and the others keep none
        max_overflow=0,
        pool_reset_on_return="rollback",
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _connected(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # we say BEGIN ourselves; pysqlite's own guess leaves reads without a snapshot
        cursor = dbapi.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        cursor.execute(f"PRAGMA page_size = {PAGE}")  # heeded while the file is empty
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG // PAGE}")
        cursor.execute(f"PRAGMA cache_size = {-CACHE // 1024}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
