"""What a peer answered, checked before anything is believed.

Between two servers there are proxies, portals and cut lines. An answer counts only when it is whole, JSON, of the
shape that the question asks for, and speaks of nothing that was not asked.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from sync.replicator.errors import Trouble

Asked = tuple[str, str]
"""``(document id, revision)``."""


class Rev(msgspec.Struct):
    """One leaf in a line of a feed."""

    rev: str


class Change(msgspec.Struct):
    """One line of a feed."""

    id: str
    changes: list[Rev]
    seq: Any = None


class Page(msgspec.Struct):
    """An answer of ``_changes``."""

    results: list[Change]
    last_seq: Any
    pending: int | None = None


class Missing(msgspec.Struct):
    """What the target lacks of one document."""

    missing: list[str] = []
    possible_ancestors: list[str] = []


class Revisions(msgspec.Struct):
    """A revision's line: the newest generation, and the digests from it down."""

    start: int
    ids: list[str]


class Stub(msgspec.Struct, omit_defaults=True):
    """An attachment as a document tells of it."""

    content_type: str = "application/octet-stream"
    length: int = -1
    digest: str = ""
    revpos: int = 0
    stub: bool = False
    encoding: str | None = None
    data: str | None = None


class Head(msgspec.Struct):
    """The ``_`` fields of a document that replication looks at."""

    id: str = msgspec.field(name="_id")
    rev: str = msgspec.field(name="_rev")
    revisions: Revisions | None = msgspec.field(name="_revisions", default=None)
    attachments: dict[str, Stub] = msgspec.field(name="_attachments", default_factory=dict)

    def line(self) -> list[str]:
        """Return the revision and its ancestors."""
        if self.revisions is None:
            return [self.rev]
        return [f"{self.revisions.start - i}-{digest}" for i, digest in enumerate(self.revisions.ids)]


class Failure(msgspec.Struct):
    """One line of an answer of ``_bulk_docs``."""

    id: str = ""
    rev: str | None = None
    error: Any = None
    name: str | None = None
    reason: Any = None

    @property
    def word(self) -> str | None:
        """CouchDB's word for why it was not stored; ``None`` when it was. PouchDB says ``true`` and names it apart."""
        if not self.error:
            return None
        return self.error if isinstance(self.error, str) else self.name or "unknown_error"


class Info(msgspec.Struct):
    """What a replicator needs to know of a database."""

    update_seq: Any
    instance_start_time: Any = "0"


class Denial(msgspec.Struct):
    """An error answer in CouchDB's form."""

    error: str
    reason: str | None = None


class _Item(msgspec.Struct):
    ok: msgspec.Raw = msgspec.Raw()
    error: Any = None
    missing: str | None = None


class _Result(msgspec.Struct):
    id: str
    docs: list[_Item]


class _Results(msgspec.Struct):
    results: list[_Result]


PAGE: Final = msgspec.json.Decoder(Page)
MISSING: Final = msgspec.json.Decoder(dict[str, Missing])
FAILURES: Final = msgspec.json.Decoder(list[Failure])
INFO: Final = msgspec.json.Decoder(Info)
DENIAL: Final = msgspec.json.Decoder(Denial)
OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_HEAD: Final = msgspec.json.Decoder(Head)
_RESULTS: Final = msgspec.json.Decoder(_Results)
_LEAVES: Final = msgspec.json.Decoder(list[_Item])


def decode(decoder: msgspec.json.Decoder[Any], text: bytes, what: str) -> Any:
    """Return what ``text`` says. Raises ``Trouble`` when it is not ``what`` should be."""
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Trouble(f"the answer is no {what}") from error


def diff(text: bytes, asked: Mapping[str, list[str]]) -> dict[str, Missing]:
    """Return what ``_revs_diff`` says to be missing."""
    told: dict[str, Missing] = decode(MISSING, text, "_revs_diff")
    for id_, missing in told.items():
        if not set(missing.missing) <= set(asked.get(id_, ())):
            raise Trouble("the answer of _revs_diff speaks of what was not asked")
    return told


def bulk(text: bytes, asked: Iterable[Asked]) -> tuple[list[tuple[Head, bytes]], list[Asked]]:
    """Return the documents in an answer of ``_bulk_get``, and which of those asked for it does not account for.

    A document accounts for a revision when it is that one or descends from it (``latest``).
    """
    told: _Results = decode(_RESULTS, text, "_bulk_get")
    wanted: dict[str, set[str]] = {}
    for id_, rev in asked:
        wanted.setdefault(id_, set()).add(rev)
    found: dict[Asked, tuple[Head, bytes]] = {}
    for result in told.results:
        if result.id not in wanted:
            raise Trouble("the answer of _bulk_get speaks of what was not asked")
        for item in result.docs:
            if item.ok:
                head, doc = _document(item.ok, result.id)
                found[result.id, head.rev] = (head, doc)
    for (id_, _), (head, _) in found.items():
        wanted[id_].difference_update(head.line())
    return list(found.values()), [(id_, rev) for id_, revs in wanted.items() for rev in sorted(revs)]


def leaves(text: bytes, id_: str, revs: Iterable[str]) -> tuple[list[tuple[Head, bytes]], list[str]]:
    """Return the documents in an answer of ``open_revs``, and which revisions the source says it does not hold."""
    told: list[_Item] = decode(_LEAVES, text, "open_revs")
    found = {head.rev: (head, doc) for head, doc in (_document(item.ok, id_) for item in told if item.ok)}
    covered = {rev for head, _ in found.values() for rev in head.line()}
    missing = {item.missing for item in told if item.missing is not None}
    left = [rev for rev in revs if rev not in covered]
    if not set(left) <= missing:
        raise Trouble("the answer of open_revs leaves out a revision that was asked for")
    return list(found.values()), left


def _document(raw: msgspec.Raw, id_: str) -> tuple[Head, bytes]:
    text = bytes(raw)
    head: Head = decode(_HEAD, text, "document")
    if head.id != id_:
        raise Trouble("the answer has another document than was asked for")
    return head, text
