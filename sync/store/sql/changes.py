"""Listings: the change feed as a bounded range, and all documents in the order of their ids."""

from typing import Final

from sqlalchemy import Connection

from sync.store.sql.databases import SEQUENCE, Opened
from sync.store.sql.rows import COLUMNS, Row, bound, joined
from sync.store.sql.run import EACH, array, first, rows
from sync.store.values import Ask, Change, Page, Range

COUNTED: Final = 10_000
"""How many pending changes are counted exactly; a count of all would cost more than the page."""


def page(connection: Connection, opened: Opened, ask: Ask) -> Page:
    """Return the changes after ``ask.since`` (all of them, backwards, when descending)."""
    column, source = ("d.seq", "sync_document d")
    where, values = ("d.db = ?", [opened.n])
    if opened.scope is not None:
        column, source = "m.position", "sync_membership m JOIN sync_document d ON d.n = m.doc"
        where, values = "m.scope = ?", [opened.scope]
    since = max(0, ask.since)
    among, filters = ("", []) if ask.ids is None else (f"AND d.id IN {EACH}", [array(ask.ids)])
    limit = SEQUENCE if ask.limit is None else ask.limit
    found = [
        Row._make(row)
        for row in rows(
            connection,
            f"SELECT {COLUMNS} FROM {source} WHERE {where} AND {column} > ? {among} "
            f"ORDER BY {column} {'DESC' if ask.descending else 'ASC'} LIMIT ?",
            *values,
            0 if ask.descending else since,
            *filters,
            limit,
        )
    ]
    changes = [_change(row, all_leaves=ask.all_leaves) for row in found]
    if len(found) < limit:
        last = max(since, opened.update_seq) if not ask.descending or not found else found[-1].seq
        return Page(changes, last, 0)
    last = found[-1].seq if found else since
    if ask.descending or ask.ids is not None:
        return Page(changes, last, 0)
    counted = first(
        connection,
        f"SELECT count(*) FROM (SELECT 1 FROM {source if opened.scope is None else 'sync_membership m'} "
        f"WHERE {where} AND {column} > ? LIMIT ?) counted",
        *values,
        last,
        COUNTED,
    )[0]
    return Page(changes, last, counted if counted < COUNTED else max(counted, opened.update_seq - last))


def _change(row: Row, *, all_leaves: bool) -> Change:
    revs: tuple[str, ...] = (row.rev,)
    if all_leaves and ";" in row.tree:
        revs = tuple(leaf.rev for leaf in row.revisions().leaves())
    return Change(row.seq, row.id, revs, bool(row.deleted), row.body)


def listing(connection: Connection, opened: Opened, wanted: Range) -> tuple[list[Row], int]:
    """Return the live documents of a range of ids, by code point, and how many come before it."""
    lower, upper = (wanted.end, wanted.start) if wanted.descending else (wanted.start, wanted.end)
    above, below = ">=", "<="
    if not wanted.inclusive_end:
        above, below = (">", below) if wanted.descending else (above, "<")
    source = joined(opened)
    values: list[int | str] = [*bound(opened), opened.n]
    where = "d.db = ? AND d.deleted = 0"
    narrowed, more = where, [*values]
    for bound_, sign in ((lower, above), (upper, below)):
        if bound_ is not None:
            narrowed += f" AND d.id {sign} ?"
            more.append(bound_)
    found = [
        Row._make(row)
        for row in rows(
            connection,
            f"SELECT {COLUMNS} FROM {source} WHERE {narrowed} ORDER BY d.id {'DESC' if wanted.descending else 'ASC'} "
            "LIMIT ? OFFSET ?",
            *more,
            SEQUENCE if wanted.limit is None else wanted.limit,
            wanted.skip,
        )
    ]
    offset = wanted.skip
    if wanted.start is not None:
        sign = ">" if wanted.descending else "<"
        counted = f"SELECT count(*) FROM {source} WHERE {where} AND d.id {sign} ?"
        offset += first(connection, counted, *values, wanted.start)[0]
    return found, offset
