"""Rows of indexes: keys that the caller made, kept up step by step.

A step is read in a reader's transaction and written in a short one of the writer, which compares: where another process
has brought the index forward meanwhile, or documents were purged, the step is refused and read anew. So an index is at
each moment exactly what the database was at its sequence, whoever works at it.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection

from sync.store.indexed import Keys, Step
from sync.store.sql.databases import Opened
from sync.store.sql.run import EACH, array, first, in_order, many, rows, run

GOING: Final = "going:"
"""Begins the signature of an index whose rows are being deleted."""


def sequence(connection: Connection, opened: Opened, signature: str) -> int | None:
    """Return up to which sequence an index has been brought; ``None``: there is none."""
    in_order(connection)  # what follows are pages of changes, or of rows
    row = first(connection, "SELECT seq FROM sync_index WHERE db = ? AND signature = ?", opened.n, signature)
    return None if row is None else int(row.seq)


def forward(connection: Connection, opened: Opened, signature: str, step: Step) -> bool:
    """Take a step; return whether it was taken: not when the index or the documents are others than it assumes."""
    purges = first(connection, "SELECT purge_seq FROM sync_database WHERE n = ?", opened.n).purge_seq
    found = first(connection, "SELECT n, seq FROM sync_index WHERE db = ? AND signature = ?", opened.n, signature)
    if purges != step.purges or (0 if found is None else found.seq) != step.since:
        return False
    if found is None:
        insert = "INSERT INTO sync_index (db, signature, seq) VALUES (?, ?, ?) RETURNING n"
        n = first(connection, insert, opened.n, signature, step.until).n
    else:
        n = found.n
        run(connection, "UPDATE sync_index SET seq = ? WHERE n = ?", step.until, n)
        # one by one: of a young table PostgreSQL would read all rows to find those of a list
        many(connection, "DELETE FROM sync_index_row WHERE idx = ? AND id = ?", [(n, id_) for id_ in step.changed])
    insert = "INSERT INTO sync_index_row (idx, key, id) VALUES (?, ?, ?)"
    many(connection, insert, [(n, key, id_) for key, id_ in step.fresh])
    return True


def keys(connection: Connection, opened: Opened, signature: str, wanted: Keys) -> list[tuple[bytes, str]]:
    """Return keys and ids of a range; nothing of an index that is not there."""
    where, values = "idx = (SELECT n FROM sync_index WHERE db = ? AND signature = ?)", [opened.n, signature]
    bounds: list[bytes | str] = []
    above, below = True, True
    if wanted.after is not None:
        key, id_ = wanted.after
        sign = "<" if wanted.descending else ">"
        if id_ is None:
            where, bounds = where + f" AND key {sign} ?", [key]
        else:
            where, bounds = where + f" AND (key, id) {sign} (?, ?)", [key, id_]
        above, below = wanted.descending or key < wanted.low, not wanted.descending or key >= wanted.high
    if above:
        where, bounds = where + " AND key >= ?", [*bounds, wanted.low]
    if below:
        where, bounds = where + " AND key < ?", [*bounds, wanted.high]
    in_order(connection)
    way = "DESC" if wanted.descending else "ASC"
    sql = f"SELECT key, id FROM sync_index_row WHERE {where} ORDER BY key {way}, id {way} LIMIT ?"
    return [(bytes(row[0]), row[1]) for row in rows(connection, sql, *values, *bounds, wanted.limit)]


def forget(connection: Connection, opened: Opened, ids: Collection[str]) -> None:
    """Delete the rows of documents that are gone without a change that would tell of it."""
    if ids:
        of_database = "idx IN (SELECT n FROM sync_index WHERE db = ?)"
        run(connection, f"DELETE FROM sync_index_row WHERE {of_database} AND id IN {EACH}", opened.n, array(ids))


def drop(connection: Connection, opened: Opened, kept: Collection[str], limit: int) -> bool:
    """Delete at most ``limit`` rows of indexes other than those ``kept``; return whether there are more.

    From the first call on, such an index is not found any more, and one of the same signature begins anew.
    """
    found = rows(connection, "SELECT n, signature FROM sync_index WHERE db = ? ORDER BY n", opened.n)
    going = [row for row in found if row.signature not in kept]
    if not going:
        return False
    for row in going:
        if not row.signature.startswith(GOING):
            run(connection, "UPDATE sync_index SET signature = ? WHERE n = ?", f"{GOING}{row.n}", row.n)
    n = going[0].n
    some = "SELECT id FROM sync_index_row WHERE idx = ? ORDER BY id LIMIT ?"
    if run(connection, f"DELETE FROM sync_index_row WHERE idx = ? AND id IN ({some})", n, n, limit) == limit:
        return True
    run(connection, "DELETE FROM sync_index WHERE n = ?", n)
    return len(going) > 1
