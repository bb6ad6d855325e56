"""Documents' rows, and the bodies and trees behind them."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from sync.jsontext import parse
from sync.revisions import Tree
from sync.store.sql.databases import SEQUENCE, Opened
from sync.store.sql.run import EACH, EACH_ID, array, rows, tuples

COLUMNS: Final = "d.n, d.id, d.rev, d.deleted, d.seq, d.body, d.tree, d.owner"


class Row(NamedTuple):
    """A document as its row has it: the winner, and the tree as text."""

    n: int
    id: str
    rev: str
    deleted: int
    seq: int
    body: int
    tree: str
    owner: str | None

    def revisions(self) -> Tree:
        """Return the revision tree."""
        if self.tree:
            return Tree.load(self.tree)
        return Tree.single(self.rev, deleted=bool(self.deleted), body=self.body & SEQUENCE)

    def text(self) -> str:
        """Return the revision tree as text, one with a single revision too."""
        return self.tree or f"{self.rev}{'*' if self.deleted else ''}:{self.body & SEQUENCE}"

    def above(self, start: int) -> bool:
        """Tell whether a revision of generation ``start`` is newer than all that are known, all of one line."""
        return ";" not in self.tree and start > int(self.rev.partition("-")[0])


class Body(NamedTuple):
    """What is kept of one revision: JSON texts."""

    body: bytes
    attachments: bytes | None


PLACED: Final = "scope, position, doc, id, rev, deleted, body, leaves"
"""The columns of a membership."""


def placed(scope: int, position: int, row: Row) -> tuple[int, int, int, str, str, int, int, str]:
    """Return what :data:`PLACED` names, for a document."""
    return scope, position, row.n, row.id, row.rev, row.deleted, row.body, others(row.tree)


def others(tree: str) -> str:
    """Return the leaves beside the winner, with commas between."""
    return "" if ";" not in tree else ",".join([leaf.rev for leaf in Tree.load(tree).leaves()[1:]])


def by_id(connection: Connection, opened: Opened, ids: Iterable[str]) -> dict[str, Row]:
    """Return the rows of those of ``ids`` that the view shows."""
    source, key = f"{EACH_ID} sync_document d ON d.db = ? AND d.id = w.value", opened.n
    if opened.scope is not None:
        source = f"{EACH_ID} sync_membership m ON m.scope = ? AND m.id = w.value JOIN sync_document d ON d.n = m.doc"
        key = opened.scope
    found = tuples(connection, f"SELECT {COLUMNS} FROM {source}", array(ids), key)
    return {row[1]: Row._make(row) for row in found}


def held(connection: Connection, opened: Opened, ids: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """Return the rows of those of ``ids`` that the view shows, each followed by its winner's body: one query for both.

    :func:`parted` makes a :class:`Row` and a :class:`Body` of one. Most are read just as they come.

    In a scope, where the documents of others lie between, the row itself is looked up only where there may be more
    to tell than the membership does: a first revision without others beside it has no history.
    """
    columns, key = COLUMNS, opened.n
    source = f"{EACH_ID} sync_document d ON d.db = ? AND d.id = w.value JOIN sync_body b ON b.n = d.body"
    if opened.scope is not None:
        columns, key = (
            "m.doc, m.id, m.rev, m.deleted, abs(m.position), m.body, coalesce(d.tree, ''), d.owner",
            opened.scope,
        )
        source = f"{EACH_ID} sync_membership m ON m.scope = ? AND m.id = w.value JOIN sync_body b ON b.n = m.body "
        source += (
            "LEFT JOIN sync_document d ON d.n = CASE WHEN m.leaves = '' AND m.rev LIKE '1-%' THEN 0 ELSE m.doc END"
        )
    found = tuples(connection, f"SELECT {columns}, b.body, b.attachments FROM {source}", array(ids), key)
    return {row[1]: row for row in found}


def parted(found: tuple[Any, ...]) -> tuple[Row, Body]:
    """Part what :func:`held` found."""
    return Row._make(found[:-2]), Body._make(found[-2:])


def bodies(connection: Connection, numbers: Iterable[int]) -> dict[int, Body]:
    """Return bodies by their row numbers."""
    found = rows(connection, f"SELECT n, body, attachments FROM sync_body WHERE n IN {EACH}", array(numbers))
    return {row[0]: Body(row[1], row[2]) for row in found}


def memberships(connection: Connection, docs: Sequence[int]) -> dict[int, list[tuple[int, str, int]]]:
    """Return, for each document that has any, its scopes as ``(scope, name, position)``."""
    found: dict[int, list[tuple[int, str, int]]] = {}
    if docs:
        for doc, scope, name, position in rows(
            connection,
            "SELECT m.doc, m.scope, s.name, m.position FROM sync_membership m JOIN sync_scope s ON s.n = m.scope "
            f"WHERE m.doc IN {EACH} ORDER BY m.doc, s.n",
            array(docs),
        ):
            found.setdefault(doc, []).append((scope, name, position))
    return found


def parsed(body: Body) -> dict[str, Any]:
    """Return a body as a value."""
    value: dict[str, Any] = parse(body.body)
    return value
