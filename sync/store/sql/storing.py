"""The second half of a write: rows for the revisions that were accepted, gathered first, then sent table by table."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from sync.access import Accept
from sync.digest import MODULUS, share
from sync.documents import Content, Draft
from sync.revisions import Path, Tree, prolonged
from sync.store.sql import contents, databases
from sync.store.sql.databases import Opened
from sync.store.sql.judging import Candidate, Kept
from sync.store.sql.rows import PLACED, Row, placed
from sync.store.sql.run import EACH, array, many, rows
from sync.store.tables import SEQUENCE_BITS

_row: Final = partial(tuple.__new__, Row)
"""Makes one of its fields at a third of the usual cost."""
Members = Mapping[int, Sequence[tuple[int, str, int]]]


class Storing:
    """One batch in which each document occurs once. ``members`` are the scopes of the documents that exist.

    Sequences are numbered while rows are gathered: the write transaction has the database to itself, so the next
    sequence is known before it is taken.
    """

    def __init__(
        self, connection: Connection, opened: Opened, members: Members, accepted: Sequence[tuple[Candidate, Accept]]
    ) -> None:
        self._connection: Final = connection
        self._opened: Final = opened
        self._members: Final = members
        self._accepted: Final = accepted
        self._base: Final = opened.n << SEQUENCE_BITS
        self._seq = opened.update_seq
        self._inserts: Final[list[Row]] = []
        self._updates: Final[list[tuple[Any, ...]]] = []
        self._bodies: Final[list[tuple[int, bytes, bytes | None]]] = []
        self._attached: Final[list[tuple[int, str, str]]] = []
        self._contents: Final[dict[str, Content]] = {}
        self._lengths: Final[dict[str, int]] = {}
        """Of all attachments, by the keys of their contents."""
        self._cut: Final[list[int]] = []
        """Bodies of revisions beyond the limit of their line."""
        self._rows: Final[list[Row]] = []
        """What the documents are from now on, in the order of the revisions."""
        self._was_deleted: Final[dict[int, int]] = {}
        self._count: Final = [0, 0]
        """Documents more than before: live, deleted."""
        self._before: Final[dict[int, int]] = {}
        """Of the documents that were live: their shares of the digests till now."""
        self._after: Final[list[int]] = []
        """The shares of the changed documents from now on, 0 for a deleted one."""
        self.touched: Final[dict[str | None, int]] = {}
        """Scope → the last sequence of this batch in its feed; ``None`` is the whole database."""

    def changed(self) -> list[tuple[Row, tuple[str, ...]]]:
        """Return the documents' new rows, with their scopes."""
        return [(row, tuple(accept.scopes)) for row, (_, accept) in zip(self._rows, self._accepted, strict=True)]

    def fields(self) -> dict[int, Mapping[str, Any]]:
        """Return the bodies of this batch, parsed, by their row numbers."""
        bodies = zip(self._bodies, self._accepted, strict=True)
        return {n: candidate.draft.fields for (n, _, _), (candidate, _) in bodies}

    def store(self) -> None:
        """Write the revisions."""
        self._gather()
        connection, opened, (live, gone) = self._connection, self._opened, self._count
        length = sum([len(body) for _, body, _ in self._bodies])
        if self._lengths:
            length += contents.more(connection, opened.n, self._lengths)
        digest = sum(self._after) - sum(self._before.values())
        databases.add(connection, opened, taken=len(self._rows), length=length, live=live, gone=gone, digest=digest)
        many(connection, "INSERT INTO sync_body (n, body, attachments) VALUES (?, ?, ?)", self._bodies)
        many(
            connection,
            "INSERT INTO sync_document (n, id, rev, deleted, seq, body, tree, owner, db) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [row + (opened.n,) for row in self._inserts],  # noqa: RUF005  unpacking takes twice as long
        )
        many(
            connection,
            "UPDATE sync_document SET rev = ?, deleted = ?, seq = ?, body = ?, tree = ?, owner = ? WHERE n = ?",
            self._updates,
        )
        contents.store(connection, self._contents)
        many(connection, "INSERT INTO sync_attached (body, name, key) VALUES (?, ?, ?)", self._attached)
        if self._cut:
            contents.release(connection, self._cut)
        self.touched[None] = self._seq
        if self._members or {accept.scopes for _, accept in self._accepted} != {()}:
            self._place()

    def _gather(self) -> None:
        """Gather the rows for the revisions."""
        base, seq, count = self._base, self._seq, self._count
        for candidate, accept in self._accepted:
            _, draft, rev, path, old, _, _, attachments = candidate
            seq += 1
            n = base | seq
            if old is None:
                text = "" if len(path[1]) == 1 else self._line(path, draft, seq)
                deleted = 1 if draft.deleted else 0
                row = _row((n, draft.id, rev, deleted, seq, n, text, accept.owner))
                self._inserts.append(row)
            else:
                row = self._grown(old, candidate, accept, seq)
                deleted = row.deleted
                self._replace(old, row)
            count[deleted] += 1
            self._after.append(0 if deleted else share(row[1], row[2]))
            self._bodies.append((n, draft.body, self._attach(n, attachments) if attachments else None))
            self._rows.append(row)
        self._seq = seq

    def _replace(self, old: Row, row: Row) -> None:
        self._updates.append((*row[2:], old.n))
        self._was_deleted[old.n] = old.deleted
        if not old.deleted:
            self._before[old.n] = share(old.id, old.rev)
        self._count[old.deleted] -= 1

    def _line(self, path: Path, draft: Draft, seq: int) -> str:
        """Return the tree of a new document that comes with its history."""
        return Tree.of_path(*path, deleted=draft.deleted, body=seq).stem(self._opened.revs_limit).dump()

    def _grown(self, old: Row, candidate: Candidate, accept: Accept, seq: int) -> Row:
        """Return the row of a document with the revision in its tree."""
        draft, (start, ids), limit = candidate.draft, candidate.path, self._opened.revs_limit
        line = prolonged(old.text(), start, ids, deleted=draft.deleted, body=seq, limit=limit)
        if line is not None:
            text, gone = line
            self._cut.extend(self._base | each for each in gone)
            return Row(old.n, old.id, candidate.rev, int(draft.deleted), seq, self._base | seq, text, accept.owner)
        tree = (candidate.tree or old.revisions()).graft(start, ids, deleted=draft.deleted, body=seq)
        tree = self._stem(tree)
        best = tree.winner
        return Row(old.n, old.id, best.rev, int(best.deleted), seq, self._base | best.body, tree.dump(), accept.owner)

    def _stem(self, tree: Tree) -> Tree:
        """Return the tree cut to what is kept; the bodies of what is not are to go."""
        kept = tree.stem(self._opened.revs_limit)
        if kept is not tree:
            gone = tree.nodes.keys() - kept.nodes.keys()
            self._cut.extend(self._base | tree.nodes[rev].body for rev in gone if tree.nodes[rev].body)
        return kept

    def _attach(self, n: int, attachments: Mapping[str, Kept]) -> bytes:
        for name, kept in attachments.items():
            self._attached.append((n, name, kept.key))
            self._lengths[kept.key] = kept.stub.get("encoded_length", kept.stub["length"])
            if kept.content is not None:
                self._contents[kept.key] = kept.content
        return orjson.dumps({name: kept.stub for name, kept in attachments.items()})

    def _place(self) -> None:
        """Move the documents to the head of their scopes' feeds, and keep the scopes' counts."""
        names = {name for _, accept in self._accepted for name in accept.scopes}
        old = [(scope, position, row) for row in self._rows for scope, _, position in self._members.get(row.n, ())]
        number = self._scopes(names)
        counts: dict[int, list[int]] = {}
        for scope, position, row in old:
            if position > 0:
                count = counts.setdefault(scope, [0, 0, 0, 0])
                count[self._was_deleted[row.n]] -= 1
                count[2] -= self._before.get(row.n, 0)
        fresh = []
        for row, (_, accept), share_ in zip(self._rows, self._accepted, self._after, strict=True):
            for name in dict.fromkeys(accept.scopes):
                scope = number[name]
                fresh.append(placed(scope, row.seq if accept.feed else -row.seq, row))
                if accept.feed:
                    count = counts.setdefault(scope, [0, 0, 0, 0])
                    count[row.deleted] += 1
                    count[2] += share_
                    count[3] = self.touched[name] = row.seq
        many(
            self._connection,
            "DELETE FROM sync_membership WHERE scope = ? AND position = ?",
            [(scope, position) for scope, position, _ in old],
        )
        many(self._connection, f"INSERT INTO sync_membership ({PLACED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", fresh)
        many(
            self._connection,
            f"UPDATE sync_scope SET live = live + ?, gone = gone + ?, {databases.DIGEST}, last_seq = max(last_seq, ?) "
            "WHERE n = ?",
            [(live, gone, digest % MODULUS, last, scope) for scope, (live, gone, digest, last) in counts.items()],
        )

    def _scopes(self, names: set[str]) -> dict[str, int]:
        """Return the numbers of the scopes, made where they are new."""
        many(
            self._connection,
            "INSERT INTO sync_scope (db, name, live, gone, last_seq) VALUES (?, ?, 0, 0, 0) "
            "ON CONFLICT (db, name) DO NOTHING",
            [(self._opened.n, name) for name in sorted(names)],
        )
        return {
            row.name: row.n
            for row in rows(
                self._connection,
                f"SELECT name, n FROM sync_scope WHERE db = ? AND name IN {EACH}",
                self._opened.n,
                array(names),
            )
        }
