"""How SQL text reaches the driver: one place that knows what differs between databases.

The store's statements are few, fixed and hot, so they are written as text with ``?`` for each value, and given to the
driver as they are. A list of values travels as one JSON text (:func:`array`), so that a statement is the same, and
stays prepared, however long the list is.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection

EACH: Final = "(SELECT value FROM json_each(?))"
"""The rows of a list that :func:`array` made: for ``x IN …``."""


def array(values: Iterable[str | int]) -> str:
    """Return the parameter for :data:`EACH`."""
    return orjson.dumps(list(values)).decode()


def rows(connection: Connection, sql: str, *values: Any) -> Sequence[Any]:
    """Return all rows of a query."""
    return connection.exec_driver_sql(sql, values).fetchall()


def first(connection: Connection, sql: str, *values: Any) -> Any:
    """Return the first row of a query, or ``None``."""
    return connection.exec_driver_sql(sql, values).fetchone()


def run(connection: Connection, sql: str, *values: Any) -> int:
    """Execute one statement; return how many rows it touched."""
    return connection.exec_driver_sql(sql, values).rowcount


def many(connection: Connection, sql: str, values: list[tuple[Any, ...]]) -> None:
    """Execute one statement for each tuple of values; for none, do nothing."""
    if values:
        connection.exec_driver_sql(sql, values)
