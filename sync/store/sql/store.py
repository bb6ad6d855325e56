"""The store on SQL, as the rest of the program sees it. :mod:`sync.store.contract` says what each method promises."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from sync.access import Accept, Principal, Rules, Stored, View
from sync.documents import Draft, Stub, Upload, compose
from sync.errors import AttachmentMissing, Forbidden
from sync.jsontext import parse
from sync.store.database import Database, after_commit
from sync.store.notifier import GONE, Key, Notifier, announcement
from sync.store.sql import attachments, changes, databases, digests, local, reading, rows, winners, writing
from sync.store.sql.indexing import Indexing
from sync.store.sql.run import EACH, announce, array, first, in_order, run
from sync.store.sql.run import rows as query
from sync.store.sql.upkeep import Upkeep
from sync.store.tables import metadata
from sync.store.values import (
    Ask,
    Attachment,
    Compare,
    DatabaseInfo,
    Digest,
    Found,
    Outcome,
    Page,
    Range,
    Rejected,
    Revision,
    Show,
    Sizes,
)

LOADED_AT_ONCE: Final = 1000
"""Documents that :meth:`Store.load_now` compares and writes at a time."""
LOADER: Final = Principal("", admin=True)


class Store(Upkeep, Indexing):
    """Documents in ``database``. ``rules`` has the application's say, by the name of the stored database."""

    def __init__(self, database: Database, rules: Mapping[str, Rules] | None = None) -> None:
        super().__init__(database, rules or {}, Notifier(self._newest, database.listen))

    @staticmethod
    def create_tables_now(connection: Connection) -> None:
        """Create the store's tables where they are missing (tests; installations use migrations)."""
        metadata.create_all(connection)

    # -- databases ---------------------------------------------------------------------------------------------------

    def create_now(self, connection: Connection, name: str) -> None:
        """Create an empty database."""
        databases.create(connection, name)

    def ensure_now(self, connection: Connection, name: str) -> None:
        """Create a database where there is none of that name."""
        if name not in databases.names(connection):
            databases.create(connection, name)

    def delete_now(self, connection: Connection, name: str) -> None:
        """Remove a database with all that is in it; never one that the application has rules for."""
        if name in self.rules:
            raise Forbidden("this database belongs to the application: it is not deleted")
        databases.delete(connection, name)
        after_commit(connection, lambda: self.notifier.deleted(name))
        announce(connection, announcement({(name, None): GONE}))

    def names_now(self, connection: Connection) -> list[str]:
        """Return the names of all databases, in order."""
        return databases.names(connection)

    def info_now(self, connection: Connection, view: View) -> DatabaseInfo:
        """Return what ``view`` shows of its database."""
        return databases.info(connection, view)

    def sizes_now(self, connection: Connection, view: View) -> Sizes:
        """Return how many bytes the database takes."""
        return databases.sizes(connection, databases.open_(connection, view))

    def security_now(self, connection: Connection, name: str) -> str:
        """Return the ``_security`` object as JSON."""
        return databases.security(connection, name)

    def set_security_now(self, connection: Connection, name: str, text: str) -> None:
        """Keep ``text`` as the ``_security`` object."""
        databases.set_security(connection, name, text)

    def set_revs_limit_now(self, connection: Connection, name: str, limit: int) -> None:
        """Keep ``limit`` revisions of each line from the next write on."""
        databases.set_revs_limit(connection, name, limit)

    # -- documents ---------------------------------------------------------------------------------------------------

    def write_now(
        self, connection: Connection, view: View, principal: Principal, drafts: Sequence[Draft], *, new_edits: bool
    ) -> list[Outcome]:
        """Store what may be stored of ``drafts``; return one outcome per draft, in order."""
        opened = databases.open_(connection, view)
        batch = writing.Batch(opened, view, principal, self.rules.get(view.database))
        return self._write(connection, batch, drafts, new_edits=new_edits)

    def put_now(
        self,
        connection: Connection,
        view: View,
        principal: Principal,
        id_: str,
        body: Mapping[str, Any],
        *,
        rev: str | None,
        check: bool = True,
        deleted: bool = False,
    ) -> str:
        """Write one document as an edit of its leaf ``rev``, with that leaf's attachments; return the new revision."""
        draft = compose(id_, body, rev=rev, deleted=deleted)
        if rev is not None and not deleted:
            draft.attachments = self._parent(connection, databases.open_(connection, view), id_, rev)[1]
        return self._put(connection, view, principal, draft, check=check)

    def attach_now(
        self,
        connection: Connection,
        view: View,
        principal: Principal,
        id_: str,
        name: str,
        upload: Upload | None,
        *,
        rev: str | None,
    ) -> str:
        """Give the document at its leaf ``rev`` an attachment, or take it away (``None``); return the new revision."""
        opened = databases.open_(connection, view)
        body, attachments = self._parent(connection, opened, id_, rev) if rev else (b"{}", {})
        if upload is not None:
            attachments[name] = upload
        elif attachments.pop(name, None) is None:
            raise AttachmentMissing
        draft = Draft(id_, rev, deleted=False, body=body, parsed=parse(body), attachments=attachments)
        return self._put(connection, view, principal, draft, check=True)

    def load_now(
        self,
        connection: Connection,
        database: str,
        documents: Iterable[tuple[str, Mapping[str, Any], str | None, Sequence[str]]],
    ) -> int:
        """Store ``(id, body, owner, scopes)`` in bulk, trusted; return how many were new or changed."""
        view = databases.whole(database)
        changed = 0
        batch: list[tuple[str, Mapping[str, Any], str | None, Sequence[str]]] = []
        for document in documents:
            batch.append(document)
            if len(batch) == LOADED_AT_ONCE:
                changed += self._load(connection, view, batch)
                batch.clear()
        return changed + self._load(connection, view, batch)

    def get_now(self, connection: Connection, database: str, id_: str) -> Stored | None:
        """Return the winner of a document, a tombstone too, or ``None``."""
        return self.get_many_now(connection, database, [id_]).get(id_)

    def get_many_now(self, connection: Connection, database: str, ids: Iterable[str]) -> dict[str, Stored]:
        """Return the winners of those of ``ids`` that are stored."""
        return winners.get(connection, databases.open_(connection, databases.whole(database)), ids)

    def iterate_now(self, connection: Connection, database: str, since_id: str = "") -> Iterator[Stored]:
        """Yield every winner above ``since_id`` in the order of ids."""
        return winners.iterate(connection, databases.open_(connection, databases.whole(database)), since_id)

    def revision_now(self, connection: Connection, database: str, id_: str, rev: str) -> dict[str, Any] | None:
        """Return the body of one stored revision, or ``None``."""
        opened = databases.open_(connection, databases.whole(database))
        n = self._body_of(connection, opened, id_, rev)
        return rows.parsed(rows.bodies(connection, [n])[n]) if n else None

    def leaves_now(self, connection: Connection, database: str, id_: str) -> list[tuple[str, bool]]:
        """Return ``(rev, deleted)`` of every leaf, the winner first."""
        opened = databases.open_(connection, databases.whole(database))
        row = rows.by_id(connection, opened, [id_]).get(id_)
        return [(leaf.rev, leaf.deleted) for leaf in row.revisions().leaves()] if row else []

    def attachment_now(self, connection: Connection, database: str, id_: str, name: str) -> Attachment | None:
        """Return an attachment of the winner, or ``None``."""
        opened = databases.open_(connection, databases.whole(database))
        row = rows.by_id(connection, opened, [id_]).get(id_)
        if row is None:
            return None
        try:
            return attachments.find(connection, row.body, name)
        except AttachmentMissing:
            return None

    # -- documents as JSON text, for the protocol -------------------------------------------------------------------

    def show_now(
        self, connection: Connection, view: View, id_: str, rev: str | None, show: Show, *, latest: bool = False
    ) -> Revision:
        """Return one revision, or the winner for a ``rev`` of ``None``."""
        return reading.one(connection, databases.open_(connection, view), id_, rev, show, latest=latest)

    def show_leaves_now(
        self,
        connection: Connection,
        view: View,
        id_: str,
        revs: Sequence[str] | None,
        show: Show,
        *,
        latest: bool = False,
    ) -> list[tuple[str, Found]]:
        """Return ``(revision, what is held of it)`` for each of ``revs``, for ``None`` of all leaves."""
        return reading.open_revs(connection, databases.open_(connection, view), id_, revs, show, latest=latest)

    def show_many_now(
        self,
        connection: Connection,
        view: View,
        asked: Sequence[tuple[str, str | None]],
        show: Show,
        *,
        latest: bool = False,
    ) -> list[list[tuple[str, Found]]]:
        """Return for each ``(id, rev)`` what :meth:`show_leaves_now` does; an empty list for an unknown document."""
        return reading.many(connection, databases.open_(connection, view), asked, show, latest=latest)

    def winners_now(self, connection: Connection, view: View, ids: Sequence[str], show: Show) -> dict[str, Revision]:
        """Return the winners of those of ``ids`` that the view shows, tombstones too."""
        found = rows.by_id(connection, databases.open_(connection, view), ids)
        return {revision.id: revision for revision in reading.winners(connection, found.values(), show)}

    def list_now(
        self, connection: Connection, view: View, wanted: Range, show: Show | None
    ) -> tuple[list[Revision], int]:
        """Return the live documents of a range of ids, and how many come before them."""
        in_order(connection)
        found, offset = changes.listing(connection, databases.open_(connection, view), wanted)
        if show is None:
            return [Revision(row.id, row.rev, deleted=False, text=b"") for row in found], offset
        return reading.winners(connection, found, show), offset

    def missing_now(
        self, connection: Connection, view: View, asked: Mapping[str, Sequence[str]]
    ) -> dict[str, tuple[list[str], list[str]]]:
        """Return, for each id of which some revisions are not here, those and their possible ancestors."""
        return reading.missing(connection, databases.open_(connection, view), asked)

    def find_attachment_now(
        self, connection: Connection, view: View, id_: str, rev: str | None, name: str
    ) -> tuple[str, Attachment]:
        """Return the revision and its attachment."""
        rev, body = reading.place(connection, databases.open_(connection, view), id_, rev)
        return rev, attachments.find(connection, body, name)

    def piece_now(self, connection: Connection, key: str, part: int) -> bytes | None:
        """Return one piece of an attachment's content, or ``None`` past its end."""
        return attachments.piece(connection, key, part)

    # -- local documents ---------------------------------------------------------------------------------------------

    def local_now(self, connection: Connection, view: View, principal: Principal, id_: str) -> bytes:
        """Return a ``_local`` document as JSON text."""
        return local.get(connection, databases.open_(connection, view), _local_owner(view, principal), id_)

    def put_local_now(
        self, connection: Connection, view: View, principal: Principal, id_: str, rev: str | None, body: bytes
    ) -> str:
        """Store a local document over the one with ``rev``; return the new revision."""
        opened = databases.open_(connection, view)
        return local.put(connection, opened, _local_owner(view, principal), id_, rev, body)

    def delete_local_now(self, connection: Connection, view: View, principal: Principal, id_: str, rev: str) -> None:
        """Remove a local document."""
        local.delete(connection, databases.open_(connection, view), _local_owner(view, principal), id_, rev)

    def list_local_now(self, connection: Connection, view: View, principal: Principal) -> list[tuple[str, str]]:
        """Return ``(id, rev)`` of the local documents, in order."""
        return local.listing(connection, databases.open_(connection, view), _local_owner(view, principal))

    # -- feeds -------------------------------------------------------------------------------------------------------

    def changes_now(self, connection: Connection, view: View, ask: Ask) -> Page:
        """Return the changes that ``ask`` describes."""
        return changes.page(connection, databases.open_(connection, view), ask)

    def digest_now(self, connection: Connection, view: View, ask: Compare) -> Digest:
        """Return what a client compares its copy with."""
        return digests.digest(connection, databases.open_(connection, view), ask)

    async def changed(self, database: str, scope: str | None, since: int, timeout: float) -> bool:  # noqa: ASYNC109  running out of time is an answer here, not a failure
        """Wait until the database, or the scope in it, has a change after ``since``; return whether it has.

        Raises ``DatabaseMissing`` when it is deleted meanwhile.
        """
        return await self.notifier.wait((database, scope), since, timeout)

    # -- the store itself --------------------------------------------------------------------------------------------

    async def uuid(self) -> str:
        """Return the store's identity, made at the first call."""
        known = await self.database.read(_uuid)
        if known is None:
            known = await self.database.write(_make_uuid)
        return known

    async def renew_uuid(self) -> str:
        """Give the store a new identity."""
        return await self.database.write(_renew)

    # ----------------------------------------------------------------------------------------------------------------

    def _write(
        self, connection: Connection, batch: writing.Batch, drafts: Sequence[Draft], *, new_edits: bool
    ) -> list[Outcome]:
        outcomes, touched = writing.write(connection, batch, drafts, new_edits=new_edits)
        if touched:
            newest: dict[Key, int] = {(batch.opened.name, name): seq for name, seq in touched.items()}
            after_commit(connection, lambda: self.notifier.committed(newest))
            announce(connection, announcement(newest))
        return outcomes

    def _put(self, connection: Connection, view: View, principal: Principal, draft: Draft, *, check: bool) -> str:
        opened = databases.open_(connection, view)
        batch = writing.Batch(opened, view, principal, self.rules.get(view.database), trusted=not check)
        outcome = self._write(connection, batch, [draft], new_edits=True)[0]
        if isinstance(outcome, Rejected):
            raise outcome.error
        return outcome.rev

    def _load(
        self,
        connection: Connection,
        view: View,
        batch: Sequence[tuple[str, Mapping[str, Any], str | None, Sequence[str]]],
    ) -> int:
        opened = databases.open_(connection, view)
        found = rows.by_id(connection, opened, [id_ for id_, _, _, _ in batch])
        bodies = rows.bodies(connection, [row.body for row in found.values()])
        places: dict[str, Accept] = {}
        drafts: list[Draft] = []
        for id_, fields, owner, scopes in batch:
            draft = compose(id_, fields, rev=None)
            row = found.get(id_)
            if row is not None:
                if not row.deleted and bodies[row.body].body == draft.body:
                    continue
                draft.rev = row.rev
            places[id_] = Accept(owner, tuple(scopes))
            drafts.append(draft)
        told = writing.Batch(opened, view, LOADER, self.rules.get(view.database), places=places)
        self._write(connection, told, drafts, new_edits=True)
        return len(drafts)

    def _body_of(self, connection: Connection, opened: databases.Opened, id_: str, rev: str) -> int:
        row = rows.by_id(connection, opened, [id_]).get(id_)
        node = row.revisions().nodes.get(rev) if row else None
        return opened.row(node.body) if node and node.body else 0

    def _parent(
        self, connection: Connection, opened: databases.Opened, id_: str, rev: str
    ) -> tuple[bytes, dict[str, Upload | Stub]]:
        """Return a revision's body and its attachments as stubs; nothing of one that is not held."""
        n = self._body_of(connection, opened, id_, rev)
        if not n:
            return b"{}", {}
        body = rows.bodies(connection, [n])[n]
        return body.body, {name: Stub() for name in orjson.loads(body.attachments or b"{}")}

    async def _newest(self, keys: list[Key]) -> dict[Key, int]:
        def read(connection: Connection) -> dict[Key, int]:
            names = array({database for database, _ in keys})
            newest: dict[Key, int] = {
                (row.name, None): row.update_seq
                for row in query(connection, f"SELECT name, update_seq FROM sync_database WHERE name IN {EACH}", names)
            }
            for row in query(
                connection,
                "SELECT d.name, s.name AS scope, s.last_seq FROM sync_scope s JOIN sync_database d ON d.n = s.db "
                f"WHERE d.name IN {EACH} AND s.name IN {EACH}",
                names,
                array({scope for _, scope in keys if scope is not None}),
            ):
                newest[row.name, row.scope] = row.last_seq
            return newest

        return await self.database.read(read)


def _local_owner(view: View, principal: Principal) -> str:
    return "" if view.scope is None else f"{view.scope}/{principal.name}"


def _uuid(connection: Connection) -> str | None:
    row = first(connection, "SELECT value FROM sync_meta WHERE key = 'uuid'")
    return None if row is None else str(row.value)


def _make_uuid(connection: Connection) -> str:
    return _uuid(connection) or _renew(connection)


def _renew(connection: Connection) -> str:
    uuid = secrets.token_hex(16)
    run(
        connection,
        "INSERT INTO sync_meta (key, value) VALUES ('uuid', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        uuid,
    )
    return uuid
