"""Winners as the application sees them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from sync.access import Stored
from sync.store.sql import rows
from sync.store.sql.databases import Opened
from sync.store.sql.rows import Row
from sync.store.sql.run import rows as query

PAGE = 1000
"""Documents read at a time by :func:`iterate`."""


def winners(
    connection: Connection, found: Sequence[tuple[Row, tuple[str, ...]]], fields: Mapping[int, Mapping[str, Any]]
) -> list[Stored]:
    """Return documents, given with their scopes, with their bodies. ``fields`` has bodies that are at hand."""
    absent = [row.body for row, _ in found if row.body not in fields]
    read = rows.bodies(connection, absent) if absent else {}
    return [
        Stored(
            row.id,
            row.rev,
            bool(row.deleted),
            row.seq,
            fields[row.body] if row.body in fields else rows.parsed(read[row.body]),
            scopes,
            row.owner,
        )
        for row, scopes in found
    ]


def get(connection: Connection, opened: Opened, ids: Iterable[str]) -> dict[str, Stored]:
    """Return the winners of those of ``ids`` that are stored."""
    return {
        stored.id: stored for stored in _with_scopes(connection, list(rows.by_id(connection, opened, ids).values()))
    }


def iterate(connection: Connection, opened: Opened, since_id: str) -> Iterator[Stored]:
    """Yield every winner above ``since_id`` in the order of ids."""
    while True:
        page = [
            Row._make(row)
            for row in query(
                connection,
                f"SELECT {rows.COLUMNS} FROM sync_document d WHERE d.db = ? AND d.id > ? ORDER BY d.id LIMIT ?",
                opened.n,
                since_id,
                PAGE,
            )
        ]
        yield from _with_scopes(connection, page)
        if len(page) < PAGE:
            return
        since_id = page[-1].id


def _with_scopes(connection: Connection, found: Sequence[Row]) -> list[Stored]:
    members = rows.memberships(connection, [row.n for row in found])
    return winners(connection, [(row, tuple(name for _, name, _ in members.get(row.n, ()))) for row in found], {})
