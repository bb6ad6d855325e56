"""``_local`` documents: a client's checkpoints. Never replicated, no history, apart for each owner."""

from typing import Any, Final

import orjson
from sqlalchemy import Connection

from sync.errors import BadRequest, Conflict, DocumentMissing
from sync.jsontext import splice
from sync.store.sql.databases import Opened
from sync.store.sql.run import first, rows, run

LONGEST: Final = 20
"""Characters of a revision: beyond them it is none that we gave."""


def get(connection: Connection, opened: Opened, owner: str, id_: str) -> bytes:
    """Return a local document as JSON text; ``id_`` is without ``_local/``. Raises ``DocumentMissing``."""
    row = first(
        connection,
        "SELECT rev, body FROM sync_local WHERE db = ? AND owner = ? AND id = ?",
        opened.n,
        owner,
        id_,
    )
    if row is None:
        raise DocumentMissing
    return splice(b'"_id":%b,"_rev":"0-%d"' % (orjson.dumps(f"_local/{id_}"), row.rev), row.body)


def put(connection: Connection, opened: Opened, owner: str, id_: str, rev: Any, body: bytes) -> str:
    """Store a local document over the one with ``rev`` (``None``: none is there); return its new revision.

    Raises ``Conflict``, ``BadRequest``.
    """
    current = _rev(connection, opened, owner, id_)
    if rev is not None and _number(rev) != current:
        raise Conflict
    if rev is None and current is not None:
        raise Conflict
    number = (current or 0) + 1
    run(
        connection,
        "INSERT INTO sync_local (db, owner, id, rev, body) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (db, owner, id) DO UPDATE SET rev = excluded.rev, body = excluded.body",
        opened.n,
        owner,
        id_,
        number,
        body,
    )
    return f"0-{number}"


def delete(connection: Connection, opened: Opened, owner: str, id_: str, rev: Any) -> None:
    """Remove a local document. Raises ``DocumentMissing``, ``Conflict``, ``BadRequest``."""
    current = _rev(connection, opened, owner, id_)
    if current is None:
        raise DocumentMissing
    if _number(rev) != current:
        raise Conflict
    run(connection, "DELETE FROM sync_local WHERE db = ? AND owner = ? AND id = ?", opened.n, owner, id_)


def listing(connection: Connection, opened: Opened, owner: str) -> list[tuple[str, str]]:
    """Return ``(id, rev)`` of an owner's local documents, in order."""
    return [
        (f"_local/{row.id}", f"0-{row.rev}")
        for row in rows(
            connection,
            "SELECT id, rev FROM sync_local WHERE db = ? AND owner = ? ORDER BY id",
            opened.n,
            owner,
        )
    ]


def _rev(connection: Connection, opened: Opened, owner: str, id_: str) -> int | None:
    row = first(
        connection,
        "SELECT rev FROM sync_local WHERE db = ? AND owner = ? AND id = ?",
        opened.n,
        owner,
        id_,
    )
    return None if row is None else int(row.rev)


def _number(rev: Any) -> int:
    if not isinstance(rev, str) or not rev.startswith("0-") or not rev[2:].isdecimal() or len(rev) > LONGEST:
        raise BadRequest("Invalid rev format")
    return int(rev[2:])
