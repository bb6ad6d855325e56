"""Attachments' contents: each stored once, long ones ahead of their revision, and gone with the last revision.

What arrives ahead is *staged*: it goes into the store a few pieces a transaction, so that a hundred megabytes keep
nobody waiting, and is marked with the time. The write that stores the revision takes the mark away. A mark that stays
was left by an upload that never came to its end; :func:`sweep` removes what is under it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from sync.documents import Content
from sync.store.sql.run import EACH, array, first, many, rows, run
from sync.store.tables import SEQUENCE_BITS

ARRIVING: Final = -1
"""The length of content that has not all arrived."""
HELD_MS: Final = 3_600_000
"""How long staged content waits for its revision, or for its next piece."""


def store(connection: Connection, contents: Mapping[str, Content]) -> None:
    """Store each content, by its key, that is not here yet, and take the mark from those that were staged."""
    if not contents:
        return
    keys = array(contents)
    here = {
        row.key: row.staged_ms
        for row in rows(connection, f"SELECT key, staged_ms FROM sync_blob WHERE key IN {EACH} AND length >= 0", keys)
    }
    if any(staged is not None for staged in here.values()):
        run(connection, f"UPDATE sync_blob SET staged_ms = NULL WHERE key IN {EACH} AND length >= 0", keys)
    for key, content in contents.items():
        if key not in here:
            run(
                connection,
                "INSERT INTO sync_blob (key, length) VALUES (?, ?) "
                "ON CONFLICT (key) DO UPDATE SET length = excluded.length, staged_ms = NULL",
                key,
                content.length,
            )
            for part, data in enumerate(content.chunks()):
                _piece(connection, key, part, data)


def stage(connection: Connection, key: str, first_part: int, pieces: Sequence[bytes], now_ms: int) -> bool:
    """Store some pieces of content; return whether all of it is here already, from elsewhere."""
    here = first(connection, "SELECT length FROM sync_blob WHERE key = ?", key)
    run(
        connection,
        "INSERT INTO sync_blob (key, length, staged_ms) VALUES (?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET staged_ms = excluded.staged_ms",
        key,
        ARRIVING,
        now_ms,
    )
    if here is not None and here.length >= 0:
        return True
    for part, data in enumerate(pieces, first_part):
        _piece(connection, key, part, data)
    return False


def staged(connection: Connection, key: str, length: int, parts: int, now_ms: int) -> None:
    """Mark content as arrived, if all its ``parts`` are here; else the write that needs it stores it anew."""
    told = first(connection, "SELECT count(*) AS parts FROM sync_chunk WHERE key = ?", key)
    if told.parts == parts:
        run(connection, "UPDATE sync_blob SET length = ?, staged_ms = ? WHERE key = ?", length, now_ms, key)


def more(connection: Connection, db: int, lengths: Mapping[str, int]) -> int:
    """Return how many bytes of these contents, given by key, no revision of the database ``db`` has yet."""
    known = rows(
        connection,
        f"SELECT DISTINCT key FROM sync_attached WHERE key IN {EACH} AND body BETWEEN ? AND ?",
        array(lengths),
        *_span(db),
    )
    return sum(lengths.values()) - sum(lengths[row.key] for row in known)


def release(connection: Connection, bodies: Sequence[int]) -> None:
    """Remove bodies of one database, by their row numbers, and the contents that only they had."""
    db, numbers = bodies[0] >> SEQUENCE_BITS, array(bodies)
    keys = {row.key for row in rows(connection, f"SELECT key FROM sync_attached WHERE body IN {EACH}", numbers)}
    length = first(connection, f"SELECT sum(length(body)) FROM sync_body WHERE n IN {EACH}", numbers)[0] or 0
    run(connection, f"DELETE FROM sync_attached WHERE body IN {EACH}", numbers)
    run(connection, f"DELETE FROM sync_body WHERE n IN {EACH}", numbers)
    if keys:
        length += (
            first(
                connection,
                f"SELECT sum(length) FROM sync_blob WHERE key IN {EACH} AND NOT EXISTS "
                "(SELECT 1 FROM sync_attached a WHERE a.key = sync_blob.key AND a.body BETWEEN ? AND ?)",
                array(keys),
                *_span(db),
            )[0]
            or 0
        )
        drop_unused(connection, keys)
    run(connection, "UPDATE sync_database SET bytes = bytes - ? WHERE n = ?", int(length), db)


def _span(db: int) -> tuple[int, int]:
    """Return the least and the greatest row number that a database can have."""
    return db << SEQUENCE_BITS, (db + 1 << SEQUENCE_BITS) - 1


def drop_unused(connection: Connection, keys: Iterable[str]) -> None:
    """Remove those of these contents that no revision has any more, and no upload waits with."""
    each = array(keys)
    if each == array(()):
        return
    run(
        connection,
        f"DELETE FROM sync_blob WHERE key IN {EACH} AND staged_ms IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM sync_attached a WHERE a.key = sync_blob.key)",
        each,
    )
    run(
        connection,
        f"DELETE FROM sync_chunk WHERE key IN {EACH} "
        "AND NOT EXISTS (SELECT 1 FROM sync_blob b WHERE b.key = sync_chunk.key)",
        each,
    )


def sweep(connection: Connection, now_ms: int) -> None:
    """Remove what uploads left that never came to their end."""
    found = rows(connection, "SELECT key FROM sync_blob WHERE staged_ms < ?", now_ms - HELD_MS)
    if found:
        keys = [row.key for row in found]
        run(connection, f"DELETE FROM sync_blob WHERE length < 0 AND key IN {EACH}", array(keys))
        run(connection, f"UPDATE sync_blob SET staged_ms = NULL WHERE key IN {EACH}", array(keys))
        drop_unused(connection, keys)


def _piece(connection: Connection, key: str, part: int, data: bytes) -> None:
    many(
        connection,
        "INSERT INTO sync_chunk (key, part, data) VALUES (?, ?, ?) ON CONFLICT (key, part) DO NOTHING",
        [(key, part, data)],
    )
