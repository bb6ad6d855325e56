"""PostgreSQL: several server processes on one database, and still one writer at a time.

A write transaction begins by taking one advisory lock, which PostgreSQL keeps until the transaction is over and its
rows are visible. So sequences become visible in the order in which they were given, and everything that reads before
it writes is as safe as on SQLite, without a word about locks in any repository. Statements of a write see what is
committed when each begins (READ COMMITTED), hence all that the writer before has done; a read is one snapshot.
"""

from collections.abc import Callable
from typing import Any, Final

import psycopg
from psycopg.pq import ConnStatus, Format, TransactionStatus
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from sync.store.backend import BUSY_SECONDS, TransactionLost
from sync.store.listening import Listener, ready

WRITERS: Final = 0x62616A69616D656E
"""The advisory lock of who writes."""
CHANNEL: Final = "baijiamen"
"""The channel of NOTIFY on which commits are announced."""

CONNECT_SECONDS: Final = 10
FROZEN_SECONDS: Final = 300
"""How long a transaction may say nothing before PostgreSQL ends it: a process that hangs must not stop the others."""
PREPARED_AFTER: Final = 2
"""A statement executed more often than this is prepared."""


class Postgresql:
    """The database that ``url`` (``postgresql+psycopg://…``) names."""

    def __init__(self, url: URL, *, readers: int) -> None:
        self._url: Final = url.set(drivername="postgresql+psycopg")
        self.write_engine: Final = _engine(self._url, size=1)
        self.read_engine: Final = _engine(self._url, size=readers, isolation_level="REPEATABLE READ")
        event.listen(self.write_engine, "begin", lock)
        event.listen(self.read_engine, "connect", _read_only)

    def check(self, connection: Connection) -> None:
        """Raise :class:`TransactionLost` when the transaction under way does not stand any more."""
        if connection.invalidated:
            raise TransactionLost
        driver: Any = connection.connection.driver_connection
        if driver.info.transaction_status != TransactionStatus.INTRANS:
            raise TransactionLost

    def listen(self, heard: Callable[[str], None]) -> Listener:
        """Have ``heard`` called, in a thread, with each announcement of any process."""
        return Listener(parameters(self._url), CHANNEL, heard)


def lock(connection: Connection) -> None:
    """Wait until no other process writes, and keep all from writing until the transaction is over."""
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))


def parameters(url: URL) -> dict[str, Any]:
    """Return what psycopg connects with."""
    told: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "baijiamen"}
    return told | url.translate_connect_args(username="user", database="dbname") | dict(url.query)


class _Text(StrDumperUnknown):
    """PostgreSQL's text has no U+0000, and nothing of ours is named with it: who asks for such a name finds nothing."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class _BinaryCursor(psycopg.Cursor[Any]):
    """Asks for values as PostgreSQL has them: a body would come as hexadecimal digits otherwise, twice as long."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.format = Format.BINARY


def _engine(url: URL, *, size: int, isolation_level: Any = "READ COMMITTED") -> Engine:
    told = parameters(url)
    engine = create_engine(
        url,
        connect_args={
            "connect_timeout": told["connect_timeout"],
            "application_name": told["application_name"],
            "cursor_factory": _BinaryCursor,
            "prepare_threshold": PREPARED_AFTER,
        },
        isolation_level=isolation_level,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_reset_on_return="rollback",
        hide_parameters=True,
    )
    event.listen(engine, "connect", _connected)
    event.listen(engine, "checkout", _alive)
    return engine


def _connected(dbapi: Any, _record: Any) -> None:
    dbapi.adapters.register_dumper(str, _Text)
    with dbapi.cursor() as cursor:
        # The store's statements are short ones on indexes: compiling them takes longer than they do.
        cursor.execute("SET jit = off")
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS:.0f}s'")
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'")
        # What is acknowledged is on disk, whatever the server's default is; a stricter one is left alone.
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    dbapi.commit()


def _read_only(dbapi: Any, _record: Any) -> None:
    dbapi.read_only = True


def _alive(dbapi: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool replace a connection that the server has closed: its socket has the end to read. Costs no query."""
    if dbapi.pgconn.status != ConnStatus.OK or ready(0, dbapi.fileno()):
        raise DisconnectionError
