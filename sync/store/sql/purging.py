"""Revisions leaving the store for good: purged by an administrator, or past ``_revs_limit``."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from sync.access import Stored
from sync.digest import MODULUS, share
from sync.revisions import Tree
from sync.store.sql import contents, databases, indexes, rows
from sync.store.sql.databases import Opened
from sync.store.sql.rows import Row
from sync.store.sql.run import EACH, array, first, many, run
from sync.store.sql.run import rows as query
from sync.store.sql.winners import winners

CUT_AT_ONCE: Final = 500
"""Documents whose histories :func:`cut` looks at in one transaction."""
Members = Mapping[int, Sequence[tuple[int, str, int]]]


def purge(
    connection: Connection, opened: Opened, asked: Mapping[str, Sequence[str]]
) -> tuple[dict[str, list[str]], list[Stored], dict[str | None, int]]:
    """Remove leaves as if they had never been, with the ancestors that no other leaf has.

    Return what was removed by id, the documents as they are now (one that is gone as a tombstone), and the last
    sequence by scope (``None``: the database) for those that other leaves keep: they change, so feeds show them anew.
    """
    found = rows.by_id(connection, opened, asked)
    purged: dict[str, list[str]] = {id_: [] for id_ in asked}
    cut: list[tuple[Row, Tree]] = []
    bodies: list[int] = []
    for id_, row in found.items():
        tree = row.revisions()
        gone = [leaf.rev for leaf in tree.leaves() if leaf.rev in set(asked[id_])]
        if gone:
            purged[id_] = gone
            rest = tree.without(gone)
            bodies += [opened.row(node.body) for rev, node in tree.nodes.items() if node.body and rev not in rest.nodes]
            cut.append((row, rest))
    if not cut:
        return purged, [], {}
    members = rows.memberships(connection, [row.n for row, _ in cut])
    kept, touched = _keep(connection, opened, [(row, tree) for row, tree in cut if tree.nodes], members)
    dropped = [row for row, tree in cut if not tree.nodes]
    _drop(connection, opened, dropped, members)
    indexes.forget(connection, opened, [row.id for row in dropped])
    if bodies:
        contents.release(connection, bodies)
    _remember(connection, opened, {row.id: purged[row.id] for row, _ in cut})
    changed = winners(connection, [(row, _names(members, row)) for row in kept], {})
    changed += [Stored(row.id, row.rev, True, row.seq, {}, _names(members, row), row.owner) for row in dropped]  # noqa: FBT003  as the winner's own fields
    return purged, changed, touched


def cut(connection: Connection, opened: Opened, after: int) -> int | None:
    """Cut the histories of the next documents above row ``after`` to ``_revs_limit``; return where to go on."""
    found = query(
        connection,
        "SELECT n, tree FROM sync_document WHERE n BETWEEN ? AND ? AND tree <> '' ORDER BY n LIMIT ?",
        max(after + 1, opened.row(0)),
        opened.row(databases.SEQUENCE),
        CUT_AT_ONCE,
    )
    bodies: list[int] = []
    for row in found:
        tree = Tree.load(row.tree)
        rest = tree.stem(opened.revs_limit)
        if len(rest.nodes) != len(tree.nodes):
            bodies += [opened.row(node.body) for rev, node in tree.nodes.items() if node.body and rev not in rest.nodes]
            run(connection, "UPDATE sync_document SET tree = ? WHERE n = ?", rest.dump(), row.n)
    if bodies:
        contents.release(connection, bodies)
    return int(found[-1].n) if len(found) == CUT_AT_ONCE else None


def remembered(connection: Connection, opened: Opened) -> list[tuple[str, list[str]]]:
    """Return what was purged, the oldest first, as far back as it is remembered."""
    return [
        (row.id, orjson.loads(row.revs))
        for row in query(connection, "SELECT id, revs FROM sync_purge WHERE db = ? ORDER BY seq", opened.n)
    ]


def limit(connection: Connection, opened: Opened) -> int:
    """Return how many purges are remembered."""
    return int(first(connection, "SELECT purged_limit FROM sync_database WHERE n = ?", opened.n).purged_limit)


def set_limit(connection: Connection, opened: Opened, count: int) -> None:
    """Remember ``count`` purges from now on."""
    run(connection, "UPDATE sync_database SET purged_limit = ? WHERE n = ?", count, opened.n)
    _forget(connection, opened)


def _keep(
    connection: Connection, opened: Opened, cut: Sequence[tuple[Row, Tree]], members: Members
) -> tuple[list[Row], dict[str | None, int]]:
    """Show the documents that other leaves keep at the head of the feeds."""
    touched: dict[str | None, int] = {}
    if not cut:
        return [], touched
    seq = databases.take(connection, opened, len(cut))
    kept: list[Row] = []
    places: list[tuple[Any, ...]] = []
    for row, tree in cut:
        seq += 1
        best = tree.winner
        kept.append(
            row._replace(rev=best.rev, deleted=int(best.deleted), seq=seq, body=opened.row(best.body), tree=tree.dump())
        )
        _count(connection, opened, row, members, -1)
        _count(connection, opened, kept[-1], members, +1)
        touched[None] = seq
        for scope, name, position in members.get(row.n, ()):
            places.append(rows.placed(scope, seq if position > 0 else -seq, kept[-1]))
            if position > 0:
                touched[name] = seq
                run(connection, "UPDATE sync_scope SET last_seq = ? WHERE n = ?", seq, scope)
    many(
        connection,
        "UPDATE sync_document SET rev = ?, deleted = ?, seq = ?, body = ?, tree = ? WHERE n = ?",
        [(row.rev, row.deleted, row.seq, row.body, row.tree, row.n) for row in kept],
    )
    run(connection, f"DELETE FROM sync_membership WHERE doc IN {EACH}", array([row.n for row in kept]))
    many(connection, f"INSERT INTO sync_membership ({rows.PLACED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", places)
    return kept, touched


def _drop(connection: Connection, opened: Opened, dropped: Sequence[Row], members: Members) -> None:
    for row in dropped:
        _count(connection, opened, row, members, -1)
    numbers = array([row.n for row in dropped])
    run(connection, f"DELETE FROM sync_membership WHERE doc IN {EACH}", numbers)
    run(connection, f"DELETE FROM sync_document WHERE n IN {EACH}", numbers)


def _count(connection: Connection, opened: Opened, row: Row, members: Members, sign: int) -> None:
    live, gone, digest = (0, sign, 0) if row.deleted else (sign, 0, sign * share(row.id, row.rev))
    databases.add(connection, opened, live=live, gone=gone, digest=digest)
    fed = [scope for scope, _, position in members.get(row.n, ()) if position > 0]
    many(
        connection,
        f"UPDATE sync_scope SET live = live + ?, gone = gone + ?, {databases.DIGEST} WHERE n = ?",
        [(live, gone, digest % MODULUS, scope) for scope in fed],
    )


def _remember(connection: Connection, opened: Opened, purged: Mapping[str, Sequence[str]]) -> None:
    last = first(
        connection,
        "UPDATE sync_database SET purge_seq = purge_seq + ? WHERE n = ? RETURNING purge_seq",
        len(purged),
        opened.n,
    ).purge_seq
    many(
        connection,
        "INSERT INTO sync_purge (db, seq, id, revs) VALUES (?, ?, ?, ?)",
        [
            (opened.n, seq, id_, orjson.dumps(revs).decode())
            for seq, (id_, revs) in enumerate(purged.items(), last - len(purged) + 1)
        ],
    )
    _forget(connection, opened)


def _forget(connection: Connection, opened: Opened) -> None:
    run(
        connection,
        "DELETE FROM sync_purge WHERE db = ? AND seq <= "
        "(SELECT purge_seq - purged_limit FROM sync_database WHERE n = ?)",
        opened.n,
        opened.n,
    )


def _names(members: Members, row: Row) -> tuple[str, ...]:
    return tuple(name for _, name, _ in members.get(row.n, ()))
