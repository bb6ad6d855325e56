"""The first half of a write: which drafts would be new revisions, and of what. Nothing is written here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection

from sync import revisions
from sync.documents import Content, Draft, Stub, Upload
from sync.errors import Conflict, Forbidden, MissingStub, SyncError
from sync.revisions import Tree
from sync.store.sql.databases import Opened
from sync.store.sql.rows import Row
from sync.store.sql.run import EACH, array, rows
from sync.store.values import Outcome, Rejected, Written

LEAVES: Final = 1000
"""Most leaves of one document. Each makes every further write to it dearer, so somebody who pushes ever more conflicts
would keep the others waiting."""


@dataclass(slots=True)
class Kept:
    """One attachment as the new revision will have it."""

    stub: dict[str, Any]
    """``content_type``, ``revpos``, ``digest``, ``length``, ``stub``: what answers show."""
    key: str
    content: Content | None = None
    """What is to be stored; ``None`` where the store has it."""


class Candidate(NamedTuple):
    """A revision that the store does not have."""

    place: int
    """Which draft it is."""
    draft: Draft
    rev: str
    path: revisions.Path
    row: Row | None
    tree: Tree | None
    """The document's tree, where it had to be opened."""
    outside: bool
    """The id belongs to another scope: whatever the rules say, it is refused."""
    attachments: Mapping[str, Kept]


_candidate: Final = partial(tuple.__new__, Candidate)
"""Makes one of its fields at a third of the usual cost."""
_NOTHING: Final[Mapping[str, Kept]] = {}


def judge(
    connection: Connection,
    opened: Opened,
    drafts: Sequence[tuple[int, Draft]],
    found: Mapping[str, Row],
    shown: Callable[[Row], bool],
    *,
    new_edits: bool,
    outcomes: list[Outcome | None],
) -> list[Candidate]:
    """Part ``drafts`` (with their places) into candidates and those whose outcome is clear: these go to ``outcomes``.

    ``found`` has the rows of all their ids, in every scope; ``shown`` tells which of them the view shows.
    """
    candidates: list[Candidate] = []
    known = [(draft, found[draft.id]) for _, draft in drafts if draft.id in found] if found else ()
    sources = _sources(connection, opened, known)
    step = _edit if new_edits else _graft
    for place, draft in drafts:
        row = found.get(draft.id)
        if row is None and draft.path is not None and not draft.attachments and not new_edits:  # most of a push
            candidates.append(_candidate((place, draft, draft.rev, draft.path, None, None, False, _NOTHING)))
            continue
        outside = row is not None and not shown(row)
        try:
            told = step(place, draft, row, sources, outside=outside)
        except SyncError as error:
            outcomes[place] = Rejected(draft.id, draft.rev, error)
            continue
        if isinstance(told, Candidate):
            candidates.append(told)
        else:
            outcomes[place] = told
    return candidates


Sources = Mapping[str, Sequence[tuple[str, Mapping[str, Kept]]]]
"""Document id → revisions that have attachments, as pairs of revision and its attachments."""


def _edit(place: int, draft: Draft, row: Row | None, sources: Sources, *, outside: bool) -> Candidate:
    tree = None
    parent = draft.rev
    if row is not None and not outside:
        if parent is None:
            if not row.deleted:
                raise Conflict
            parent = row.rev
        elif parent != row.rev:
            tree = row.revisions()
            if not tree.is_leaf(parent):
                raise Conflict
    elif parent is not None:
        raise Conflict  # the same whether nobody has it or another scope does
    attachments = _attachments(draft, [parent] if parent else [], {} if outside else sources)
    rev = revisions.new_rev(
        parent,
        deleted=draft.deleted,
        body=draft.canonical(),
        attachments=[(name, kept.stub["content_type"], kept.stub["digest"]) for name, kept in attachments.items()],
    )
    generation, digest = revisions.parse(rev)
    for kept in attachments.values():
        kept.stub.setdefault("revpos", generation)
    path = (generation, [digest, parent.partition("-")[2]] if parent else [digest])
    return Candidate(place, draft, rev, path, row, tree, outside, attachments)


def _graft(place: int, draft: Draft, row: Row | None, sources: Sources, *, outside: bool) -> Candidate | Written:
    if draft.rev is None or draft.path is None:
        raise ValueError("a revision made elsewhere has an id and a history")
    tree = None
    if row is not None and not outside:
        if draft.rev == row.rev:
            return Written(draft.id, draft.rev, new=False)
        if row.tree and not row.above(draft.path[0]):
            if draft.rev.partition("-")[2] not in row.tree:
                _bound(row, draft.path)
            tree = row.revisions()
            if draft.rev in tree.nodes:
                return Written(draft.id, draft.rev, new=False)
    attachments: dict[str, Kept] = {}
    if draft.attachments:
        start, ids = draft.path
        line = [f"{start - i}-{digest}" for i, digest in enumerate(ids)]
        attachments = _attachments(draft, line[1:], {} if outside else sources)
        for kept in attachments.values():
            kept.stub.setdefault("revpos", start)
    return Candidate(place, draft, draft.rev, draft.path, row, tree, outside, attachments)


def _bound(row: Row, path: revisions.Path) -> None:
    """Raise ``Forbidden`` when the document has as many leaves as it may, and the revision replaces none of them."""
    start, ids = path
    if row.tree.count(";") < LEAVES - 1:
        return
    leaves = revisions.tips(row.tree)
    if not any(f"{start - i}-{digest}" in leaves for i, digest in enumerate(ids)):
        raise Forbidden(
            f"this document has {len(leaves)} revisions that none replaced (conflicts): merge or delete or purge some"
        )


def _attachments(draft: Draft, line: Sequence[str], sources: Sources) -> dict[str, Kept]:
    """Return the draft's attachments; stubs are looked up in its ``line`` of ancestors first, then in other leaves."""
    kept: dict[str, Kept] = {}
    if not draft.attachments:
        return kept
    known = dict(sources.get(draft.id, ()))
    nearest = [known.pop(rev) for rev in line if rev in known] + list(known.values())
    for name, told in draft.attachments.items():
        if isinstance(told, Upload):
            kept[name] = Kept(told.stub(), told.content.key, told.content)
        else:
            kept[name] = _resolve(draft.id, name, told, nearest)
    return kept


def _resolve(id_: str, name: str, stub: Stub, nearest: Sequence[Mapping[str, Kept]]) -> Kept:
    for source in nearest:
        kept = source.get(name)
        if kept is not None and stub.digest in {None, kept.stub["digest"]}:
            return Kept(dict(kept.stub), kept.key)
    raise MissingStub(id_, name)


def _sources(connection: Connection, opened: Opened, wanted: Sequence[tuple[Draft, Row]]) -> Sources:
    """Return what attachments the stored revisions have of those documents whose drafts hold stubs."""
    of_body: dict[int, tuple[str, str]] = {}
    for draft, row in wanted:
        if any(isinstance(told, Stub) for told in draft.attachments.values()):
            for rev, node in row.revisions().nodes.items():
                if node.body:
                    of_body[opened.row(node.body)] = (draft.id, rev)
    if not of_body:
        return {}
    stubs = dict(
        rows(
            connection,
            f"SELECT n, attachments FROM sync_body WHERE n IN {EACH} AND attachments IS NOT NULL",
            array(of_body),
        )
    )
    by_rev: dict[str, dict[str, dict[str, Kept]]] = {}
    for n, name, key in rows(
        connection, f"SELECT body, name, key FROM sync_attached WHERE body IN {EACH}", array(stubs)
    ):
        id_, rev = of_body[n]
        by_rev.setdefault(id_, {}).setdefault(rev, {})[name] = Kept(orjson.loads(stubs[n])[name], key)
    return {id_: list(revs.items()) for id_, revs in by_rev.items()}
