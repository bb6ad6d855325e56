"""Listings: the change feed as a bounded range, and all documents in the order of their ids."""

from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from sync.store.sql.databases import SEQUENCE, Opened
from sync.store.sql.rows import COLUMNS, Row, others
from sync.store.sql.run import EACH_ID, array, first, tuples
from sync.store.values import Ask, Change, Page, Range

COUNTED: Final = 2_000
"""How many pending changes are counted exactly; a count of all would cost more than the page."""


def page(connection: Connection, opened: Opened, ask: Ask) -> Page:
    """Return the changes after ``ask.since`` (all of them, backwards, when descending)."""
    column, origin, where, key = source(opened)
    leaves = "''"
    if ask.all_leaves:
        leaves = "CASE WHEN d.tree LIKE '%;%' THEN d.tree ELSE '' END" if opened.scope is None else "d.leaves"
    since = max(0, ask.since)
    limit = SEQUENCE if ask.limit is None else ask.limit
    order = column
    values: list[Any] = [key]
    if ask.ids is not None:
        origin, values = f"{EACH_ID} {origin} ON {where} AND d.id = w.value", [array(dict.fromkeys(ask.ids)), key]
        where = f"{order} > ?"
    else:
        if ask.design:  # they are few: the sign keeps SQLite from walking the whole feed in its order
            order, where = f"+{column}", f"{where} AND d.id >= '_design/' AND d.id < '_design0'"
        where = f"{where} AND {order} > ?"
    values.append(0 if ask.descending else since)
    if ask.descending and ask.before is not None:
        where = f"{where} AND {order} < ?"
        values.append(ask.before)
    read = tuples(
        connection,
        f"SELECT {column}, d.id, d.rev, d.deleted, {leaves} FROM {origin} WHERE {where} "
        f"ORDER BY {order} {'DESC' if ask.descending else 'ASC'} LIMIT ?",
        *values,
        limit,
    )
    found = list(map(_made, read))
    if ask.all_leaves and opened.scope is None:
        found = [change if not change.others else change._replace(others=others(change.others)) for change in found]
    if len(found) < limit:
        last = max(since, opened.update_seq) if not ask.descending or not found else found[-1].seq
        return Page(found, last, 0)
    last = found[-1].seq if found else since
    if ask.descending or ask.ids is not None or ask.design:
        return Page(found, last, 0)
    return Page(found, last, _pending(connection, opened, last))


def _pending(connection: Connection, opened: Opened, last: int) -> int:
    one = "sync_document WHERE db = ? AND seq > ?"
    if opened.scope is not None:
        one = "sync_membership WHERE scope = ? AND position > ?"
    key = opened.n if opened.scope is None else opened.scope
    told = first(connection, f"SELECT count(*) FROM (SELECT 1 FROM {one} LIMIT ?) counted", key, last, COUNTED)
    counted = int(told[0])
    return counted if counted < COUNTED else max(counted, opened.update_seq - last)


def source(opened: Opened) -> tuple[str, str, str, int]:
    """Return the column of the feed's order, the FROM clause, the WHERE clause and what it binds.

    Whichever table ``d`` is, it has an ``id``, a ``rev`` and ``deleted``: a scope's feed does not look at documents.
    """
    if opened.scope is None:
        return "d.seq", "sync_document d", "d.db = ?", opened.n
    return "d.position", "sync_membership d", "d.scope = ?", opened.scope


_made: Final = partial(tuple.__new__, Change)
"""Makes a :class:`Change` of its fields at a third of the usual cost."""


def listing(connection: Connection, opened: Opened, wanted: Range) -> tuple[list[Row], int]:
    """Return the live documents of a range of ids, by code point, and how many come before it."""
    lower, upper = (wanted.end, wanted.start) if wanted.descending else (wanted.start, wanted.end)
    above, below = ">=", "<="
    if not wanted.inclusive_end:
        above, below = (">", below) if wanted.descending else (above, "<")
    id_, origin, where = "d.id", "sync_document d", "d.db = ? AND d.deleted = 0"
    values: list[int | str] = [opened.n]
    narrowed = ""
    if opened.scope is not None:  # SQLite keeps the order from the scope to its documents; as of the sign, that of ids
        id_, origin, where = "m.id", "sync_membership m", "m.scope = ? AND m.deleted = 0 AND +m.position > 0"
        values, narrowed = [opened.scope], " AND d.n = m.doc"
    more = [*values]
    for bound_, sign in ((lower, above), (upper, below)):
        if bound_ is not None:
            narrowed += f" AND {id_} {sign} ?"
            more.append(bound_)
    found = [
        Row._make(row)
        for row in tuples(
            connection,
            f"SELECT {COLUMNS} FROM {origin}{'' if opened.scope is None else ' CROSS JOIN sync_document d'} "
            f"WHERE {where}{narrowed} ORDER BY {id_} {'DESC' if wanted.descending else 'ASC'} LIMIT ? OFFSET ?",
            *more,
            SEQUENCE if wanted.limit is None else wanted.limit,
            wanted.skip,
        )
    ]
    offset = wanted.skip
    if wanted.start is not None and wanted.counted:
        sign = ">" if wanted.descending else "<"
        counted = f"SELECT count(*) FROM {origin} WHERE {where} AND {id_} {sign} ?"
        offset += first(connection, counted, *values, wanted.start)[0]
    return found, offset
