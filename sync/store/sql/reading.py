"""Reading documents: bodies are spliced into answers as the text they are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

import orjson
from sqlalchemy import Connection

from sync.errors import DocumentMissing
from sync.jsontext import quoted, splice
from sync.revisions import Tree
from sync.store.sql import attachments, rows
from sync.store.sql.databases import Opened
from sync.store.sql.rows import Body, Row
from sync.store.values import PLAIN, Found, Revision, Show


def one(connection: Connection, opened: Opened, id_: str, rev: str | None, show: Show, *, latest: bool) -> Revision:
    """Return one revision, or the winner for a ``rev`` of ``None``. Raises ``DocumentMissing``.

    ``latest`` gives, in place of a revision that was replaced, the best leaf that replaced it.
    """
    row = rows.by_id(connection, opened, [id_]).get(id_)
    if row is None:
        raise DocumentMissing
    if rev is None:
        if row.deleted:
            raise DocumentMissing(deleted=True)
        rev = row.rev
    revs = [rev]
    if latest and rev != row.rev:
        revs = row.revisions().heirs(rev)[:1]
    found = [_show(connection, row, show, read) for read in _read(connection, opened, [(row, r) for r in revs])]
    if not found or found[0] is None:
        raise DocumentMissing
    return found[0]


def open_revs(
    connection: Connection, opened: Opened, id_: str, revs: Sequence[str] | None, show: Show, *, latest: bool
) -> list[tuple[str, Found]]:
    """Return ``(revision, what is held of it)`` for each of ``revs``, for ``None`` of all leaves.

    Raises ``DocumentMissing`` when all leaves are asked for of what is not here.
    """
    row = rows.by_id(connection, opened, [id_]).get(id_)
    if row is None:
        if revs is None:
            raise DocumentMissing
        return [(rev, None) for rev in revs]
    wanted = [leaf.rev for leaf in row.revisions().leaves()] if revs is None else _heirs(row, revs, latest=latest)
    read = _read(connection, opened, [(row, rev) for rev in wanted])
    return [(rev, _show(connection, row, show, body)) for rev, body in zip(wanted, read, strict=True)]


def _heirs(row: Row, revs: Sequence[str], *, latest: bool) -> list[str]:
    if not latest:
        return list(revs)
    tree = row.revisions()
    return list(dict.fromkeys(heir for rev in revs for heir in (tree.heirs(rev) or [rev])))


def many(
    connection: Connection, opened: Opened, asked: Sequence[tuple[str, str | None]], show: Show, *, latest: bool
) -> list[list[tuple[str, Found]]]:
    """Return for each ``(id, rev)`` what it asks for, as :func:`open_revs` does; nothing for an unknown document.

    A ``rev`` of ``None`` asks for all leaves.

    Nearly all that is asked for is the winner of a document without attachments and without other lines. Its text is
    made of the row as it came: an object for each step on the way would cost more than all the rest.
    """
    found = rows.held(connection, opened, [id_ for id_, _ in asked])
    groups: list[list[tuple[str, Found]]] = []
    others: list[tuple[int, list[tuple[Row, str]]]] = []
    known: dict[int, Body] = {}
    for id_, rev in asked:
        held = found.get(id_)
        if held is None:
            groups.append([])
            continue
        _, _, winner, deleted, _, _, tree, _, body, stubs = held
        if rev is not None and rev == winner and stubs is None and ";" not in tree and not show.lineage:
            text = splice(_head(id_, rev, tree, show, deleted=deleted).encode(), body)
            groups.append([(rev, _made((id_, rev, deleted == 1, text, ())))])
            continue
        row, known[held[5]] = rows.parted(held)
        others.append((len(groups), _wanted(row, rev, latest=latest)))
        groups.append([])
    if others:
        read = iter(_read(connection, opened, [one for _, wanted in others for one in wanted], known))
        for place, wanted in others:
            groups[place] = [(rev, _show(connection, row, show, next(read))) for row, rev in wanted]
    return groups


def _wanted(row: Row, rev: str | None, *, latest: bool) -> list[tuple[Row, str]]:
    """Return the revisions that are asked for by ``rev``, for ``None`` all leaves."""
    if rev == row.rev:
        return [(row, rev)]
    if rev is None:
        return [(row, leaf.rev) for leaf in row.revisions().leaves()]
    return [(row, heir) for heir in _heirs(row, [rev], latest=latest)]


def winners(connection: Connection, found: Iterable[Row], show: Show) -> list[Revision]:
    """Return the winners of ``found``, in its order."""
    read = list(found)
    bodies = rows.bodies(connection, [row.body for row in read])
    return [_revision(connection, row, show, (row.rev, bool(row.deleted), row.body, bodies[row.body])) for row in read]


def place(connection: Connection, opened: Opened, id_: str, rev: str | None) -> tuple[str, int]:
    """Return a revision (the winner for ``None``) and its body's row number. Raises ``DocumentMissing``."""
    row = rows.by_id(connection, opened, [id_]).get(id_)
    if row is None:
        raise DocumentMissing
    if rev is None:
        if row.deleted:
            raise DocumentMissing(deleted=True)
        return row.rev, row.body
    node = row.revisions().nodes.get(rev)
    if node is None or not node.body:
        raise DocumentMissing
    return rev, opened.row(node.body)


NONE: Final[Mapping[int, Body]] = {}

_Read = tuple[str, bool, int, Body]
"""A revision, whether it is deleted, its body's row number, its body."""


def _read(
    connection: Connection, opened: Opened, wanted: Sequence[tuple[Row, str]], known: Mapping[int, Body] = NONE
) -> list[_Read | None]:
    """Return each revision's body, ``None`` where none is held: one query for all that are not ``known``."""
    places: list[tuple[bool, int]] = []
    trees: dict[int, Tree] = {}
    for row, rev in wanted:
        if rev == row.rev:
            places.append((bool(row.deleted), row.body))
            continue
        if row.n not in trees:
            trees[row.n] = row.revisions()
        node = trees[row.n].nodes.get(rev)
        places.append((node.deleted, opened.row(node.body)) if node and node.body else (False, 0))
    absent = [n for _, n in places if n and n not in known]
    bodies = {**known, **rows.bodies(connection, absent)} if absent else known
    return [
        (rev, deleted, n, bodies[n]) if n in bodies else None
        for (_, rev), (deleted, n) in zip(wanted, places, strict=True)
    ]


def _show(connection: Connection, row: Row, show: Show, read: _Read | None) -> Found:
    return None if read is None else _revision(connection, row, show, read)


def _revision(connection: Connection, row: Row, show: Show, read: _Read) -> Revision:
    rev, deleted, n, body = read
    if show.lineage or (show.revs and (rev != row.rev or ";" in row.tree)):
        head = _head(row.id, rev, "", PLAIN, deleted=deleted).encode() + _extras(row, show, rev)
    else:
        head = _head(row.id, rev, row.tree, show, deleted=deleted).encode()
    if body.attachments is None:
        return Revision(row.id, rev, deleted, splice(head, body.body))
    line = row.revisions().ancestry(rev) if show.since else ()
    told, following = attachments.told(connection, n, body.attachments, show, line)
    return Revision(row.id, rev, deleted, splice(head + b',"_attachments":' + told, body.body), following)


_made: Final = partial(tuple.__new__, Revision)
"""Makes a :class:`Revision` of its fields at a third of the usual cost."""
_STATE: Final = re.compile(r"\*(?::[0-9]+)?|:[0-9]+")
"""What a tree's text tells of a revision beside its digest."""


def _head(id_: str, rev: str, tree: str, show: Show, *, deleted: bool) -> str:
    """Return the first fields of a revision; with ``show.revs`` of the winner over a ``tree`` of one line."""
    head = f'"_id":{quoted(id_)},"_rev":"{rev}"'
    if deleted:
        head += ',"_deleted":true'
    if show.revs:
        start, _, ids = rev.partition("-")
        if tree:
            ids = _STATE.sub("", tree.partition("-")[2]).replace(",", '","')
        head += f',"_revisions":{{"start":{start},"ids":["{ids}"]}}'
    return head


def _extras(row: Row, show: Show, rev: str) -> bytes:
    fields: dict[str, object] = {}
    tree = row.revisions()
    line = tree.ancestry(rev)
    if show.revs:
        fields["_revisions"] = {"start": int(rev.partition("-")[0]), "ids": [r.partition("-")[2] for r in line]}
    if show.revs_info:
        fields["_revs_info"] = [{"rev": r, "status": _status(tree, r)} for r in line]
    if show.conflicts and (conflicts := tree.conflicts()):
        fields["_conflicts"] = conflicts
    if show.deleted_conflicts and (conflicts := tree.deleted_conflicts()):
        fields["_deleted_conflicts"] = conflicts
    if show.local_seq:
        fields["_local_seq"] = row.seq
    return b"," + orjson.dumps(fields)[1:-1] if fields else b""


def _status(tree: Tree, rev: str) -> str:
    node = tree.nodes[rev]
    if not node.body:
        return "missing"
    return "deleted" if node.deleted else "available"


def missing(
    connection: Connection, opened: Opened, asked: Mapping[str, Sequence[str]]
) -> dict[str, tuple[list[str], list[str]]]:
    """Return, for each id of which some revisions are not here, those and their possible ancestors."""
    found = rows.by_id(connection, opened, asked)
    answer: dict[str, tuple[list[str], list[str]]] = {}
    for id_, revs in asked.items():
        row = found.get(id_)
        if row is None:
            answer[id_] = (list(revs), [])
        elif len(revs) != 1 or revs[0] != row.rev:
            absent, ancestors = row.revisions().missing(revs)
            if absent:
                answer[id_] = (absent, ancestors)
    return answer
