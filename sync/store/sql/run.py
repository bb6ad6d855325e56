"""How SQL text reaches the driver: one place that knows what differs between databases.

The store's statements are few, fixed and hot, so they are written as text with ``?`` for each value, as SQLite takes
it, and given to the driver as they are. A list of values travels as one text (:func:`array`), so that a statement is
the same, and stays prepared, however long the list is.

What PostgreSQL wants otherwise is the table :data:`_TURNS`. A plain ``INSERT … VALUES`` of several rows goes as COPY.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, LargeBinary, SmallInteger, String

from sync.store.tables import metadata

WHOLE: Final = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
"""The bytes of the whole store."""
EACH: Final = "(SELECT value FROM json_each(?))"
"""The rows of a list that :func:`array` made: for ``x IN …``."""
EACH_ID: Final = "json_each(?) w CROSS JOIN"
"""For ``FROM``: begins with the ids of a list, ``w.value``, and looks each up in the table that is named next.

With ``IN`` SQLite might walk all documents of an area instead, and PostgreSQL those of a young database.
"""
COPIED: Final = 4
"""Fewest rows for which COPY is worth its beginning and its end."""


class Array(str):
    """A list of texts or of numbers, as JSON."""

    __slots__ = ()


def array(values: Iterable[str | int]) -> Array:
    """Return the parameter for :data:`EACH`."""
    return Array(orjson.dumps(list(values)).decode())


def _driver(connection: Connection) -> Any:
    """Return SQLite's own connection: for a short statement SQLAlchemy takes ten times as long as SQLite does.

    PostgreSQL's stays with SQLAlchemy, which sees when a server is gone.
    """
    return connection.connection.driver_connection


def rows(connection: Connection, sql: str, *values: Any) -> Sequence[Any]:
    """Return all rows of a query."""
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(_turned(sql), _bound(values)).fetchall()
    return connection.exec_driver_sql(sql, values).fetchall()


def tuples(connection: Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return all rows of a query as the driver makes them: for what every request asks, and the hundreds of a batch."""
    if connection.dialect.name != "postgresql":
        return _driver(connection).execute(sql, values).fetchall()  # type: ignore[no-any-return]
    result = connection.exec_driver_sql(_turned(sql), _bound(values))
    cursor: Any = result.cursor
    found: list[tuple[Any, ...]] = cursor.fetchall()
    result.close()
    return found


def first(connection: Connection, sql: str, *values: Any) -> Any:
    """Return the first row of a query, or ``None``."""
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(_turned(sql), _bound(values)).fetchone()
    return connection.exec_driver_sql(sql, values).fetchone()


def run(connection: Connection, sql: str, *values: Any) -> int:
    """Execute one statement; return how many rows it touched."""
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(_turned(sql), _bound(values)).rowcount
    return int(_driver(connection).execute(sql, values).rowcount)


def many(connection: Connection, sql: str, values: list[tuple[Any, ...]]) -> None:
    """Execute one statement, without lists, for each tuple of values; for none, do nothing."""
    if not values:
        return
    if connection.dialect.name != "postgresql":
        _driver(connection).executemany(sql, values)
    elif len(values) >= COPIED and (columns := _columns(sql)) is not None:
        copy(connection, columns, values)
    else:
        connection.exec_driver_sql(_turned(sql), values)


def in_order(connection: Connection) -> None:
    """Have the statements of this transaction that follow read indexes in their order, a page at a time.

    Of a young table PostgreSQL knows too little: it takes few rows for none, reads all, and sorts them for each page.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")


def announce(connection: Connection, text: str) -> None:
    """Tell all processes ``text`` when the transaction is stored, where the database can; at most 7,999 bytes."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_notify('baijiamen', %s)", (text,))


_TURNS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (re.compile("%"), "%%"),
    (re.compile(re.escape(WHOLE)), "SELECT pg_database_size(current_database())"),
    (
        re.compile(
            rf"{re.escape(EACH_ID)} (?P<table>\w+) (?P<name>\w) "
            r"ON (?P=name)\.(?P<key>db|scope) = \? AND (?P=name)\.id = w\.value"
        ),
        # the limit keeps it to one probe of the unique index for each id: it knows too little of a young database
        (
            r"unnest(?::text[]) w (value) CROSS JOIN LATERAL "
            r"(SELECT * FROM \g<table> WHERE \g<key> = ? AND id = w.value LIMIT 1) \g<name>"
        ),
    ),
    (re.compile(r"\bIN \(SELECT value FROM json_each\(\?\)\)"), "= ANY(%s)"),
    (re.compile(r"\bmax\(([^(),]+),"), r"greatest(\1,"),
    (re.compile(r"\?"), "%s"),
)
"""SQLite's text → PostgreSQL's, one after the other."""


@lru_cache(maxsize=500)
def _turned(sql: str) -> str:
    for pattern, replacement in _TURNS:
        sql = pattern.sub(replacement, sql)
    return sql


def _bound(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_braces(value) if type(value) is Array else value for value in values)


def _braces(values: Array) -> str:
    """Return a JSON list as PostgreSQL writes arrays (postgresql.org/docs/15/arrays.html, 8.15.6)."""
    if "\\" not in values:  # the two notations differ in their brackets and in what a backslash means
        return f"{{{values[1:-1]}}}"
    quoted = (str(each).replace("\\", "\\\\").replace('"', '\\"') for each in orjson.loads(values.encode()))
    return "{" + ",".join(f'"{each}"' for each in quoted) + "}"


_INSERT: Final = re.compile(r"INSERT INTO (\w+) \(([^)]+)\) VALUES \([?, ]+\)\Z")
_KINDS: Final = {
    LargeBinary: "bytea",
    Boolean: "bool",
    SmallInteger: "int2",
    BigInteger: "int8",
    Integer: "int4",
    String: "text",
}
"""Type of column → its name in PostgreSQL. A subclass comes before its base."""


@lru_cache(maxsize=100)
def _columns(sql: str) -> list[Column[Any]] | None:
    """Return the columns that a plain INSERT of values fills; ``None`` for other text."""
    insert = _INSERT.match(sql)
    if insert is None:
        return None
    columns = metadata.tables[insert[1]].columns
    return [columns[name.strip()] for name in insert[2].split(",")]


def copy(connection: Connection, columns: Sequence[Column[Any]], values: Iterable[Sequence[Any]]) -> None:
    """Append rows to the table whose ``columns`` are given, on PostgreSQL: several times as fast as INSERT."""
    names = ", ".join(f'"{column.name}"' for column in columns)
    kinds = [next(told for kind, told in _KINDS.items() if isinstance(column.type, kind)) for column in columns]
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f'COPY "{columns[0].table.name}" ({names}) FROM STDIN (FORMAT BINARY)') as stream,
    ):
        stream.set_types(kinds)
        for row in values:
            stream.write_row(row)
