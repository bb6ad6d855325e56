"""Listings: the change feed as a bounded range, and all documents in the order of their ids."""

from typing import Any, Final

from sqlalchemy import Connection

from sync.store.sql.databases import SEQUENCE, Opened
from sync.store.sql.rows import COLUMNS, Row
from sync.store.sql.run import EACH, array, first, rows
from sync.store.values import Ask, Change, Page, Range

COUNTED: Final = 2_000
"""How many pending changes are counted exactly; a count of all would cost more than the page."""


def page(connection: Connection, opened: Opened, ask: Ask) -> Page:
    """Return the changes after ``ask.since`` (all of them, backwards, when descending)."""
    column, origin, where, values = source(opened)
    among = ""
    filters: list[Any] = []
    order = column
    if ask.ids is not None:
        # few documents, by their ids; the sign keeps SQLite from walking the whole feed in its order instead
        among, filters, order = f"AND d.id IN {EACH}", [array(ask.ids)], f"+{column}"
    if ask.design:
        among, order = among + " AND d.id >= '_design/' AND d.id < '_design0'", f"+{column}"
    if ask.descending and ask.before is not None:
        among, filters = f"{among} AND {order} < ?", [*filters, ask.before]
    since = max(0, ask.since)
    limit = SEQUENCE if ask.limit is None else ask.limit
    found = [
        Row._make(row)
        for row in rows(
            connection,
            f"SELECT {COLUMNS} FROM {origin} WHERE {where} AND {order} > ? {among} "
            f"ORDER BY {order} {'DESC' if ask.descending else 'ASC'} LIMIT ?",
            *values,
            0 if ask.descending else since,
            *filters,
            limit,
        )
    ]
    changes = [
        Change(row.seq, row.id, _leaves(row) if ask.all_leaves else (row.rev,), bool(row.deleted), row.body)
        for row in found
    ]
    if len(found) < limit:
        last = max(since, opened.update_seq) if not ask.descending or not found else found[-1].seq
        return Page(changes, last, 0)
    last = found[-1].seq if found else since
    if ask.descending or ask.ids is not None or ask.design:
        return Page(changes, last, 0)
    return Page(changes, last, _pending(connection, opened, last))


def _pending(connection: Connection, opened: Opened, last: int) -> int:
    one = "sync_document WHERE db = ? AND seq > ?"
    if opened.scope is not None:
        one = "sync_membership WHERE scope = ? AND position > ?"
    key = opened.n if opened.scope is None else opened.scope
    told = first(connection, f"SELECT count(*) FROM (SELECT 1 FROM {one} LIMIT ?) counted", key, last, COUNTED)
    counted = int(told[0])
    return counted if counted < COUNTED else max(counted, opened.update_seq - last)


def source(opened: Opened) -> tuple[str, str, str, list[int]]:
    """Return the column of the feed's order, the FROM clause, the WHERE clause and what it binds."""
    if opened.scope is None:
        return "d.seq", "sync_document d", "d.db = ?", [opened.n]
    source = "sync_membership m CROSS JOIN sync_document d"  # SQLite keeps this order: from the scope to its documents
    return "m.position", source, "d.n = m.doc AND d.db = ? AND m.scope = ?", [opened.n, opened.scope]


def _leaves(row: Row) -> tuple[str, ...]:
    if ";" not in row.tree:
        return (row.rev,)
    return tuple(leaf.rev for leaf in row.revisions().leaves())


def listing(connection: Connection, opened: Opened, wanted: Range) -> tuple[list[Row], int]:
    """Return the live documents of a range of ids, by code point, and how many come before it."""
    lower, upper = (wanted.end, wanted.start) if wanted.descending else (wanted.start, wanted.end)
    above, below = ">=", "<="
    if not wanted.inclusive_end:
        above, below = (">", below) if wanted.descending else (above, "<")
    _, origin, where, bound = source(opened)
    values: list[int | str] = [*bound]
    where += " AND d.deleted = 0" + ("" if opened.scope is None else " AND m.position > 0")
    narrowed, more = where, [*values]
    for bound_, sign in ((lower, above), (upper, below)):
        if bound_ is not None:
            narrowed += f" AND d.id {sign} ?"
            more.append(bound_)
    found = [
        Row._make(row)
        for row in rows(
            connection,
            f"SELECT {COLUMNS} FROM {origin} WHERE {narrowed} ORDER BY d.id {'DESC' if wanted.descending else 'ASC'} "
            "LIMIT ? OFFSET ?",
            *more,
            SEQUENCE if wanted.limit is None else wanted.limit,
            wanted.skip,
        )
    ]
    offset = wanted.skip
    if wanted.start is not None and wanted.counted:
        sign = ">" if wanted.descending else "<"
        counted = f"SELECT count(*) FROM {origin} WHERE {where} AND d.id {sign} ?"
        offset += first(connection, counted, *values, wanted.start)[0]
    return found, offset
