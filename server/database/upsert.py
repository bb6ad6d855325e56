"""Insert rows or update those that exist: one statement, the same on SQLite and PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite


def upsert(
    connection: Connection,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    keys: Sequence[str],
    update: Sequence[str] | None = None,
) -> int:
    """Insert ``rows``; where a row with the same ``keys`` exists, set its columns ``update`` instead.

    ``keys`` are the columns of a primary key or unique index. ``update`` defaults to every column of the rows that is
    not a key; an empty ``update`` leaves existing rows alone. All rows have the same columns. Returns how many rows
    were sent.
    """
    batch = [dict(row) for row in rows]
    if not batch:
        return 0
    columns = [name for name in batch[0] if name not in keys] if update is None else list(update)
    # The two dialects build the same text; they are two branches because their classes share no typed base.
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  it brings drivers that SQLite does not need

        pg = postgresql.insert(table)
        connection.execute(
            pg.on_conflict_do_update(index_elements=list(keys), set_={name: pg.excluded[name] for name in columns})
            if columns
            else pg.on_conflict_do_nothing(index_elements=list(keys)),
            batch,
        )
    else:
        lite = sqlite.insert(table)
        connection.execute(
            lite.on_conflict_do_update(index_elements=list(keys), set_={name: lite.excluded[name] for name in columns})
            if columns
            else lite.on_conflict_do_nothing(index_elements=list(keys)),
            batch,
        )
    return len(batch)


def insert_absent(connection: Connection, table: Table, row: Mapping[str, Any], keys: Sequence[str]) -> bool:
    """Insert ``row`` unless a row with the same ``keys`` exists; return whether it was inserted.

    Of several processes that insert the same keys, exactly one is told ``True``.
    """
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  as above

        pg = postgresql.insert(table).values(dict(row)).on_conflict_do_nothing(index_elements=list(keys))
        return connection.execute(pg.returning(table.c[keys[0]])).first() is not None
    lite = sqlite.insert(table).values(dict(row)).on_conflict_do_nothing(index_elements=list(keys))
    return connection.execute(lite.returning(table.c[keys[0]])).first() is not None
