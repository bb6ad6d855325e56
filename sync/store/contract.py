"""What every store of documents must do, whatever it is built on. ``tests/contracts`` holds each backend to it.

Methods ending in ``_now`` are plain synchronous functions of a ``Connection``: they run inside a job of
:meth:`sync.store.database.Database.read` or ``write`` and are what the application composes with its own SQL.
Those that are ``async`` open a transaction of their own.

Three promises hold throughout:

*Durable, then told.* A write is on disk before its outcome is returned, and feeds are woken after that.
*Commit order.* Sequences of a database become visible in rising order; a reader that has seen sequence N never
later finds a change below N that it was not shown.
*Scopes are walls.* Through a view with a scope, what is outside that scope does not exist: reading raises
:class:`~sync.errors.DocumentMissing`, listings and feeds leave it out, its revisions are answered as missing, and
writing to its id is refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from sync.access import Principal, Stored, View
from sync.documents import Content, Draft, Upload
from sync.store.database import Database
from sync.store.indexed import KeepsIndexes
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
    Revision,
    Show,
    Sizes,
)


class DocumentStore(KeepsIndexes, Protocol):
    """Databases of documents with revision trees, attachments, scopes and change feeds."""

    @property
    def database(self) -> Database:
        """Where the documents are kept."""
        ...

    # -- databases ---------------------------------------------------------------------------------------------------

    def create_now(self, connection: Connection, name: str) -> None:
        """Create an empty database. Raises ``BadDatabaseName`` or ``DatabaseExists``."""
        ...

    def delete_now(self, connection: Connection, name: str) -> None:
        """Remove a database with all that is in it. Raises ``DatabaseMissing``.

        A database created later under the same name shares nothing with it.
        """
        ...

    def names_now(self, connection: Connection) -> list[str]:
        """Return the names of all databases, in order."""
        ...

    def info_now(self, connection: Connection, view: View) -> DatabaseInfo:
        """Return what ``view`` shows of its database, at a cost that does not grow with it. Raises ``DatabaseMissing``.

        Of a scope, the counts and ``update_seq`` tell nothing about other scopes.
        """
        ...

    def sizes_now(self, connection: Connection, view: View) -> Sizes:
        """Return how many bytes the database takes, at a cost that does not grow with it; of a scope zeros.

        Raises ``DatabaseMissing``.
        """
        ...

    def security_now(self, connection: Connection, name: str) -> str:
        """Return the ``_security`` object as JSON. It is kept, not obeyed: the application decides who may what."""
        ...

    def set_security_now(self, connection: Connection, name: str, text: str) -> None:
        """Keep ``text`` as the ``_security`` object."""
        ...

    def set_revs_limit_now(self, connection: Connection, name: str, limit: int) -> None:
        """Keep ``limit`` revisions of each line from the next write on."""
        ...

    def ensure_now(self, connection: Connection, name: str) -> None:
        """Create a database where there is none of that name."""
        ...

    # -- documents ---------------------------------------------------------------------------------------------------

    def write_now(
        self, connection: Connection, view: View, principal: Principal, drafts: Sequence[Draft], *, new_edits: bool
    ) -> list[Outcome]:
        """Store what may be stored of ``drafts``; return one outcome per draft, in order.

        With ``new_edits`` each draft is an edit: its ``rev`` names the leaf that it replaces, and the store gives the
        new revision; ``Conflict`` when that is no leaf. Without, each is a revision made elsewhere, grafted on the
        document's tree with its history; one that is known already is ``Written(new=False)`` and nothing happens.

        The database's ``Rules.check`` is asked, once per batch, about the revisions that would be new; what it refuses,
        and what is outside the view's scope, is ``Rejected`` with ``Forbidden``, and the rest is stored.
        ``Rules.project`` is then told the winners. Afterwards each touched document has one new sequence.

        The number of SQL statements does not depend on the number of drafts, unless an id occurs more than once.
        Raises ``DatabaseMissing``.
        """
        ...

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
        """Write one document as an edit of its leaf ``rev`` (``None``: it must not exist) and return the new revision.

        ``check`` false leaves out ``Rules.check``'s verdict on whether it may be stored, not on where it belongs.
        Attachments of the parent stay. Raises ``Conflict``, ``Forbidden``, ``BadRequest``, ``DatabaseMissing``.
        """
        ...

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
        """Give the document at its leaf ``rev`` an attachment, or take it away (``None``); return the new revision.

        A document that does not exist is made. Raises what :meth:`put_now` does, and ``AttachmentMissing``.
        """
        ...

    def load_now(
        self,
        connection: Connection,
        database: str,
        documents: Iterable[tuple[str, Mapping[str, Any], str | None, Sequence[str]]],
    ) -> int:
        """Store ``(id, body, owner, scopes)`` in bulk, trusted: no check; return how many were new or changed.

        A document whose winner has this very body is left as it is, so that loading the same again changes nothing.
        ``Rules.project`` is told what changed.
        """
        ...

    def get_now(self, connection: Connection, database: str, id_: str) -> Stored | None:
        """Return the winner of a document, a tombstone too; ``None`` if the id was never stored."""
        ...

    def get_many_now(self, connection: Connection, database: str, ids: Iterable[str]) -> dict[str, Stored]:
        """Return the winners of those of ``ids`` that are stored, tombstones too."""
        ...

    def iterate_now(self, connection: Connection, database: str, since_id: str = "") -> Iterator[Stored]:
        """Yield every winner whose id is above ``since_id``, tombstones too, in the order of ids (by code point)."""
        ...

    def revision_now(self, connection: Connection, database: str, id_: str, rev: str) -> dict[str, Any] | None:
        """Return the body of one stored revision, or ``None`` when it is not held."""
        ...

    def leaves_now(self, connection: Connection, database: str, id_: str) -> list[tuple[str, bool]]:
        """Return ``(rev, deleted)`` of every leaf, the winner first; empty if the id was never stored."""
        ...

    def attachment_now(self, connection: Connection, database: str, id_: str, name: str) -> Attachment | None:
        """Return an attachment of the winner, or ``None``."""
        ...

    # -- documents as JSON text, for the protocol -------------------------------------------------------------------

    def show_now(
        self, connection: Connection, view: View, id_: str, rev: str | None, show: Show, *, latest: bool = False
    ) -> Revision:
        """Return one revision, or the winner for a ``rev`` of ``None``.

        ``latest`` gives, in place of a revision that was replaced, the best leaf that replaced it.
        Raises ``DocumentMissing``, also for a winner that is a tombstone.
        """
        ...

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
        """Return ``(revision, what is held of it)`` for each of ``revs``, for ``None`` of all leaves.

        Raises ``DocumentMissing`` when all leaves are asked for of what is not here.
        """
        ...

    def show_many_now(
        self,
        connection: Connection,
        view: View,
        asked: Sequence[tuple[str, str | None]],
        show: Show,
        *,
        latest: bool = False,
    ) -> list[list[tuple[str, Found]]]:
        """Return for each ``(id, rev)`` what :meth:`show_leaves_now` does; an empty list for an unknown document.

        The number of SQL statements does not depend on how many are asked for.
        """
        ...

    def winners_now(self, connection: Connection, view: View, ids: Sequence[str], show: Show) -> dict[str, Revision]:
        """Return the winners of those of ``ids`` that the view shows, tombstones too."""
        ...

    def list_now(
        self, connection: Connection, view: View, wanted: Range, show: Show | None
    ) -> tuple[list[Revision], int]:
        """Return the live documents of a range of ids, ordered by code point, and how many come before them.

        Without ``show`` their texts are empty.
        """
        ...

    def missing_now(
        self, connection: Connection, view: View, asked: Mapping[str, Sequence[str]]
    ) -> dict[str, tuple[list[str], list[str]]]:
        """Return, for each id of which some revisions are not here, those and their possible ancestors."""
        ...

    def find_attachment_now(
        self, connection: Connection, view: View, id_: str, rev: str | None, name: str
    ) -> tuple[str, Attachment]:
        """Return the revision (the winner for a ``rev`` of ``None``) and its attachment.

        Raises ``DocumentMissing``, ``AttachmentMissing``.
        """
        ...

    def piece_now(self, connection: Connection, key: str, part: int) -> bytes | None:
        """Return one piece of an attachment's content, or ``None`` past its end."""
        ...

    # -- content ahead of its revision, and revisions leaving for good ---------------------------------------------

    async def stage(self, content: Content) -> None:
        """Store long content ahead of the revision that is to have it, in short transactions that keep nobody waiting.

        The write that stores the revision finds it. What no revision takes within an hour is removed again.
        """
        ...

    def purge_now(self, connection: Connection, view: View, asked: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Remove those of the revisions that are leaves as if they had never been; return them, for each id asked.

        Ancestors that no other leaf has go too, and the contents that only they had. A document without leaves is in no
        listing and no feed any more; one with other leaves shows its new winner as a change. ``Rules.project`` is told
        both, the first as a tombstone without fields. Raises ``Forbidden`` through a view with a scope.
        """
        ...

    def draft_of_now(
        self, connection: Connection, view: View, id_: str, rev: str | None, target: str, target_rev: str | None
    ) -> Draft:
        """Return the edit of ``target`` over its leaf ``target_rev`` that makes it a copy of a revision.

        ``rev`` of ``None`` is the winner. The draft is to be written in the same transaction.
        Raises ``DocumentMissing``.
        """
        ...

    def purged_now(self, connection: Connection, view: View) -> list[tuple[str, list[str]]]:
        """Return what was purged as ``(id, revisions)``, the oldest first, as far back as is remembered."""
        ...

    def purged_limit_now(self, connection: Connection, view: View) -> int:
        """Return how many purges are remembered."""
        ...

    def set_purged_limit_now(self, connection: Connection, view: View, limit: int) -> None:
        """Remember that many purges from now on."""
        ...

    async def compact(self, view: View) -> None:
        """Cut all histories to ``_revs_limit`` and free what nothing refers to, in short transactions.

        Bodies of ancestors within the limit stay: they are the bases of merges. Raises ``Forbidden`` through a scope.
        """
        ...

    # -- local documents ---------------------------------------------------------------------------------------------

    def local_now(self, connection: Connection, view: View, principal: Principal, id_: str) -> bytes:
        """Return a ``_local`` document as JSON text. ``id_`` is without ``_local/``. Raises ``DocumentMissing``.

        In a view with a scope each account has local documents of its own; in a whole database all share theirs.
        """
        ...

    def put_local_now(
        self, connection: Connection, view: View, principal: Principal, id_: str, rev: str | None, body: bytes
    ) -> str:
        """Store a local document over the one with ``rev``; return the new revision (``0-N``). Raises ``Conflict``."""
        ...

    def delete_local_now(self, connection: Connection, view: View, principal: Principal, id_: str, rev: str) -> None:
        """Remove a local document. Raises ``DocumentMissing``, ``Conflict``."""
        ...

    def list_local_now(self, connection: Connection, view: View, principal: Principal) -> list[tuple[str, str]]:
        """Return ``(id, rev)`` of the local documents, in order; ids with ``_local/``."""
        ...

    # -- feeds -------------------------------------------------------------------------------------------------------

    def changes_now(self, connection: Connection, view: View, ask: Ask) -> Page:
        """Return the changes that ``ask`` describes, at a cost that grows with the page and not with the store."""
        ...

    def digest_now(self, connection: Connection, view: View, ask: Compare) -> Digest:
        """Return what a client compares its copy with; of all, at a cost that does not grow with the database.

        Live documents count, each with its winner, design documents too; in a scope those that are in its feed.
        Buckets are added up anew, at a cost that does grow. Raises ``PullFirst`` when too much changed after
        ``ask.since``, ``TooLarge`` for too long a list.
        """
        ...

    async def changed(self, database: str, scope: str | None, since: int, timeout: float) -> bool:  # noqa: ASYNC109  running out of time is an answer here, not a failure
        """Wait until the database, or the scope in it, has a change after ``since``, at most ``timeout`` seconds.

        Return whether it has. A change committed before the call counts, also one that another process committed.
        Raises ``DatabaseMissing`` when it is deleted meanwhile, or is missing although something of it was seen.
        """
        ...

    # -- the store itself --------------------------------------------------------------------------------------------

    async def uuid(self) -> str:
        """Return the store's identity: 32 hex digits, part of every client's replication id."""
        ...

    async def renew_uuid(self) -> str:
        """Give the store a new identity, after a restore from backup: clients compare everything anew."""
        ...
