"""Databases: their rows, what a view opens of them, and the sequence that each write takes."""

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from sync.access import View
from sync.digest import MODULUS
from sync.errors import BadDatabaseName, DatabaseExists, DatabaseMissing, DatabaseNameTooLong
from sync.store.sql import contents
from sync.store.sql.run import WHOLE, first, rows, run, tuples
from sync.store.tables import SEQUENCE_BITS
from sync.store.values import DatabaseInfo, Sizes

_NAME: Final = re.compile(r"[a-z][a-z0-9_$()+/-]*\Z")
LONGEST: Final = 238
"""Characters of a name (CouchDB: ``max_database_name_length``)."""
_SYSTEM: Final = frozenset({"_users", "_replicator", "_global_changes"})
SEQUENCE: Final = (1 << SEQUENCE_BITS) - 1
"""The bits of a row number that are the sequence."""
DIGEST: Final = f"digest = (digest + ?) & {MODULUS - 1}"
"""Adds to the digest of a database or a scope what is given, from 0 to below ``MODULUS``."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A view's database as this transaction sees it."""

    n: int
    name: str
    update_seq: int
    live: int
    gone: int
    revs_limit: int
    scope: int | None = None
    """The scope's row; ``None`` for all of the database, 0 for a scope that has no document yet."""

    def row(self, seq: int) -> int:
        """Return the row number of what was written as ``seq``."""
        return self.n << SEQUENCE_BITS | seq


def open_(connection: Connection, view: View) -> Opened:
    """Return what ``view`` opens. Raises ``DatabaseMissing``."""
    found = tuples(
        connection,
        "SELECT n, name, update_seq, live, gone, revs_limit FROM sync_database WHERE name = ?",
        view.database,
    )
    if not found:
        raise DatabaseMissing
    if view.scope is None:
        return Opened(*found[0])
    n, name, _, _, _, revs_limit = found[0]
    scopes = tuples(
        connection, "SELECT n, last_seq, live, gone FROM sync_scope WHERE db = ? AND name = ?", n, view.scope
    )
    scope, last_seq, live, gone = scopes[0] if scopes else (0, 0, 0, 0)
    return Opened(n, name, last_seq, live, gone, revs_limit, scope)


def whole(name: str) -> View:
    """Return the view of all of a database."""
    return View(name, name)


def info(connection: Connection, view: View) -> DatabaseInfo:
    """Return the counts that ``view`` shows."""
    opened = open_(connection, view)
    purged = 0
    if opened.scope is None:
        purged = first(connection, "SELECT purge_seq FROM sync_database WHERE n = ?", opened.n).purge_seq
    return DatabaseInfo(view.name, opened.live, opened.gone, opened.update_seq, opened.revs_limit, purged, opened.n)


def sizes(connection: Connection, opened: Opened) -> Sizes:
    """Return how many bytes the database takes; of a part of it nothing is known."""
    if opened.scope is not None:
        return Sizes(0, 0)
    told = first(
        connection,
        "SELECT bytes, (SELECT sum(bytes) FROM sync_database) AS total FROM sync_database WHERE n = ?",
        opened.n,
    )
    return Sizes(int(first(connection, WHOLE)[0] * told.bytes // (told.total or 1)), int(told.bytes))


def names(connection: Connection) -> list[str]:
    """Return all names, in order."""
    return [row.name for row in rows(connection, "SELECT name FROM sync_database ORDER BY name")]


def create(connection: Connection, name: str) -> None:
    """Create an empty database. Raises ``BadDatabaseName`` or ``DatabaseExists``."""
    if not _NAME.match(name) and name not in _SYSTEM:
        raise BadDatabaseName(name)
    if len(name) > LONGEST:
        raise DatabaseNameTooLong(name)
    if first(connection, "SELECT 1 FROM sync_database WHERE name = ?", name):
        raise DatabaseExists
    run(
        connection,
        "INSERT INTO sync_database (name, update_seq, live, gone, revs_limit, security) "
        "VALUES (?, 0, 0, 0, 1000, '{}')",
        name,
    )


def delete(connection: Connection, name: str) -> None:
    """Remove a database and all that only it has. Raises ``DatabaseMissing``."""
    opened = open_(connection, whole(name))
    least, most = opened.row(0), opened.row(SEQUENCE)
    attached = rows(connection, "SELECT DISTINCT key FROM sync_attached WHERE body BETWEEN ? AND ?", least, most)
    run(connection, "DELETE FROM sync_membership WHERE doc BETWEEN ? AND ?", least, most)
    for table, column in (("sync_document", "n"), ("sync_body", "n"), ("sync_attached", "body")):
        run(connection, f"DELETE FROM {table} WHERE {column} BETWEEN ? AND ?", least, most)
    run(connection, "DELETE FROM sync_index_row WHERE idx IN (SELECT n FROM sync_index WHERE db = ?)", opened.n)
    for table in ("sync_scope", "sync_local", "sync_purge", "sync_index"):
        run(connection, f"DELETE FROM {table} WHERE db = ?", opened.n)
    run(connection, "DELETE FROM sync_database WHERE n = ?", opened.n)
    contents.drop_unused(connection, [row.key for row in attached])


def take(connection: Connection, opened: Opened, count: int) -> int:
    """Take ``count`` sequences for this write transaction; return the one before the first of them."""
    row = first(
        connection,
        "UPDATE sync_database SET update_seq = update_seq + ? WHERE n = ? RETURNING update_seq",
        count,
        opened.n,
    )
    return int(row[0]) - count


def add(
    connection: Connection, opened: Opened, *, taken: int = 0, length: int = 0, live: int, gone: int, digest: int
) -> None:
    """Add to what a database counts: sequences that are taken, bytes, live and deleted documents; and to its digest."""
    if taken or length or live or gone or digest:
        run(
            connection,
            "UPDATE sync_database SET update_seq = update_seq + ?, bytes = bytes + ?, live = live + ?, "
            f"gone = gone + ?, {DIGEST} WHERE n = ?",
            taken,
            length,
            live,
            gone,
            digest % MODULUS,
            opened.n,
        )


def security(connection: Connection, name: str) -> str:
    """Return the ``_security`` object as JSON. Raises ``DatabaseMissing``."""
    row = first(connection, "SELECT security FROM sync_database WHERE name = ?", name)
    if row is None:
        raise DatabaseMissing
    return str(row.security)


def set_security(connection: Connection, name: str, text: str) -> None:
    """Keep ``text`` as the ``_security`` object. Raises ``DatabaseMissing``."""
    if not run(connection, "UPDATE sync_database SET security = ? WHERE name = ?", text, name):
        raise DatabaseMissing


def set_revs_limit(connection: Connection, name: str, limit: int) -> None:
    """Keep ``limit`` revisions of each line from the next write on. Raises ``DatabaseMissing``."""
    if not run(connection, "UPDATE sync_database SET revs_limit = ? WHERE name = ?", limit, name):
        raise DatabaseMissing
