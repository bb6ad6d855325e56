"""What goes into a store and comes out of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sync.errors import SyncError


class Written(NamedTuple):
    """The revision is in the store. ``new`` is false when it was there before."""

    id: str
    rev: str
    new: bool = True


@dataclass(frozen=True, slots=True)
class Rejected:
    """The revision is not in the store, and ``error`` says why."""

    id: str
    rev: str | None
    error: SyncError


Outcome = Written | Rejected


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """A database, or the part of it that a scope shows."""

    name: str
    live: int
    deleted: int
    update_seq: int
    revs_limit: int
    purge_seq: int = 0
    number: int = 0
    """Of the stored database: one that is made later under the same name has another."""


class Sizes(NamedTuple):
    """How many bytes a database takes."""

    file: int
    """Its part of the store's files, which it shares with the others, by what each holds."""
    active: int
    """The bodies of all revisions that are held, and their attachments' contents, each once, as they are stored."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment of one revision; ``chunks`` reads on through the transaction that found it."""

    name: str
    content_type: str
    length: int
    digest: str
    """``md5-`` and base64, as the protocol shows it."""
    key: str
    """Names the content inside the store."""
    chunks: Iterator[bytes]
    """The content as it is stored: packed, where ``packed`` says so."""
    packed: int | None = None
    """Its length as it is stored with gzip; ``None`` where it is stored as it is."""


class Change(NamedTuple):
    """One line of a feed."""

    seq: int
    id: str
    rev: str
    """The winner."""
    deleted: int
    """1 or 0, as the store has it."""
    others: str
    """The other leaves, with commas between, when they were asked for."""

    @property
    def revs(self) -> tuple[str, ...]:
        """The leaves that were asked for, the winner first."""
        return (self.rev, *self.others.split(",")) if self.others else (self.rev,)


@dataclass(frozen=True, slots=True)
class Page:
    """A run of changes. ``last_seq`` is where to go on: also past changes that a filter left out."""

    changes: Sequence[Change]
    last_seq: int
    pending: int
    """Changes after this page: exact up to some thousands, beyond that never too low."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Which changes."""

    since: int = 0
    limit: int | None = None
    descending: bool = False
    before: int | None = None
    """Descending: only those before this."""
    all_leaves: bool = False
    """``style=all_docs``."""
    ids: Sequence[str] | None = None
    """Only these documents."""
    design: bool = False
    """Only design documents."""


@dataclass(frozen=True, slots=True)
class Range:
    """Which documents of a listing by id."""

    start: str | None = None
    end: str | None = None
    inclusive_end: bool = True
    descending: bool = False
    skip: int = 0
    limit: int | None = None
    counted: bool = True
    """Also count what comes before the range, at a cost that grows with it."""


@dataclass(frozen=True, slots=True)
class Compare:
    """Which documents of a feed, for a client that compares them with its own."""

    since: int | None = None
    """Only those whose last change is not after this; ``None``: all."""
    without: Sequence[str] = ()
    """Not these documents."""
    buckets: int = 0
    """Also the digests of that many buckets: a power of two, or 0."""
    listed: Sequence[int] = ()
    """Also the documents in these buckets."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The live documents that were asked for: see :mod:`sync.digest`."""

    seq: int
    """The last sequence that was looked at: ``since``, or less where the feed ends before it."""
    count: int
    digest: int
    changed: Sequence[str]
    """The documents that were left out because they changed after ``seq``, deleted ones too."""
    buckets: Sequence[tuple[int, int]] = ()
    """Count and digest of each."""
    documents: Sequence[tuple[str, str]] = ()
    """Id and winner of each that was to be listed."""


@dataclass(frozen=True, slots=True)
class Show:
    """Which of the ``_`` fields an answer carries beside ``_id`` and ``_rev``."""

    revs: bool = False
    revs_info: bool = False
    conflicts: bool = False
    deleted_conflicts: bool = False
    local_seq: bool = False
    attachments: bool = False
    """Attachments with their data, not as stubs."""
    follows: bool = False
    """With ``attachments``: their data is not in the text but follows it, :attr:`Revision.following`."""
    since: tuple[str, ...] | None = None
    """With ``attachments``: only those that are newer than the newest of these ancestors; the others as stubs."""
    encoding: bool = False
    """Say of packed attachments how they are packed, and how long they are so."""

    @property
    def lineage(self) -> bool:
        """Whether the revision tree has to be opened for more than ``_revisions``."""
        return self.revs_info or self.conflicts or self.deleted_conflicts or self.local_seq


PLAIN: Final = Show()


class Following(NamedTuple):
    """An attachment whose content is to be sent after its document, as it is stored."""

    name: str
    content_type: str
    length: int
    packed: bool
    """Whether it is stored with gzip; ``length`` is then of that."""
    key: str


class Revision(NamedTuple):
    """One revision of a document as JSON text."""

    id: str
    rev: str
    deleted: bool
    text: bytes
    following: tuple[Following, ...] = ()


Found = Revision | None
"""``None``: the store does not hold that revision, or the view does not show it."""
