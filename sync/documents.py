"""Documents as clients send them: ids, the ``_`` fields, attachments, and a body whose text is kept as it came."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import eq
from typing import Any, Final, Protocol

import orjson

from sync import revisions
from sync.errors import (
    AttachmentTooLarge,
    BadDocument,
    BadDocumentId,
    BadRequest,
    DocumentTooLarge,
    SyncError,
    TooLarge,
)
from sync.jsontext import Members, canonical, join, members, parse
from sync.limits import Limits

IGNORED: Final = frozenset({"_revs_info", "_conflicts", "_deleted_conflicts", "_local_seq"})
"""What answers carry and a client may send back; it is the store's to say, not the client's."""
_ONE_LINE: Final = bytes.maketrans(b"\r\n", b"  ")
"""Line breaks, in JSON never more than white space, would end a line of a feed too early."""
TOLD: Final = ("_id", "_rev", "_revisions", "_deleted", "_attachments")
"""What a client says of a document beside its fields."""
KEPT: Final = frozenset(f"_replication_{name}" for name in ("id", "state", "state_time", "state_reason", "stats"))
"""What a replicator writes into the documents that ask for replications: fields like any other, as in CouchDB."""
GZIP: Final = "gzip"
"""The one encoding in which a client may store an attachment."""
CHUNK: Final = 256 * 1024
"""Bytes of attachment content that are handled at a time."""


class Content(Protocol):
    """The bytes of an attachment that is to be stored."""

    @property
    def length(self) -> int:
        """The number of bytes."""
        ...

    @property
    def md5(self) -> str:
        """The protocol's digest: ``md5-`` and base64."""
        ...

    @property
    def key(self) -> str:
        """The store's digest: SHA-256, hex."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces of at most :data:`CHUNK` bytes. May be called again."""
        ...


class Inline:
    """Content that is in memory."""

    def __init__(self, data: bytes) -> None:
        self._data: Final = data
        self.length: Final = len(data)
        self.md5: Final = "md5-" + base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        self.key: Final = hashlib.sha256(data).hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces."""
        for start in range(0, self.length, CHUNK):
            yield self._data[start : start + CHUNK]


@dataclass(frozen=True, slots=True)
class Upload:
    """An attachment whose content comes with the document. ``revpos`` is given by a replicator only."""

    content_type: str
    content: Content
    revpos: int | None = None
    decoded: int | None = None
    """The length before the client packed it with gzip; ``None`` for content that is not packed."""

    def stub(self) -> dict[str, Any]:
        """Return what the store keeps of it beside the content. Digest and ``encoded_length`` are of what is stored."""
        told: dict[str, Any] = {"content_type": self.content_type}
        if self.revpos is not None:
            told["revpos"] = self.revpos
        told |= {"digest": self.content.md5, "length": self.content.length, "stub": True}
        if self.decoded is not None:
            told |= {"length": self.decoded, "encoding": GZIP, "encoded_length": self.content.length}
        return told


NOTHING: Final[Mapping[str, Upload]] = {}


@dataclass(frozen=True, slots=True)
class Stub:
    """An attachment that an ancestor has already. ``digest`` of ``None`` does not ask which content."""

    digest: str | None = None
    revpos: int | None = None


@dataclass(slots=True)
class Draft:
    """A revision that a client wants stored.

    For an edit, ``rev`` names the leaf that it replaces. For a revision made elsewhere, ``rev`` is its own id and
    ``path`` its history.
    """

    id: str
    rev: str | None
    deleted: bool
    body: bytes
    """The JSON text of the object without its ``_`` fields, as it came."""
    parsed: Mapping[str, Any] | None
    """The same, parsed; ``None``: not kept."""
    attachments: Mapping[str, Upload | Stub] = field(default_factory=dict)
    path: revisions.Path | None = None

    @property
    def fields(self) -> Mapping[str, Any]:
        """The body as a value: to be looked at, not to be stored."""
        if self.parsed is None:
            self.parsed = parse(self.body)
        return self.parsed

    def canonical(self) -> bytes:
        """Return one text for all the ways to write this body."""
        return canonical(self.body, self.fields)


def check_id(id_: Any, limits: Limits) -> str:
    """Return ``id_`` if it can name a document. Raises ``BadDocumentId``."""
    if not isinstance(id_, str):
        raise BadDocumentId("Document id must be a string")
    if not id_:
        raise BadDocumentId("Document id must not be empty")
    if id_[0] == "_" and not (id_.startswith("_design/") and len(id_) > len("_design/")):
        raise BadDocumentId("Only reserved document ids may start with underscore.")
    if len(id_) > limits.id_length // 4 and len(id_.encode()) > limits.id_length:
        raise BadDocumentId("Document id is too long")
    if "\0" in id_:
        raise BadDocumentId("Document id must not hold the character U+0000")
    return id_


def _sound_ids(ids: Sequence[str], limits: Limits) -> bool:
    """Tell whether all of ``ids`` pass :func:`check_id`; some that do are not told so: design documents, long ids."""
    try:
        text = "\0".join(ids)
    except TypeError:
        return False
    return (
        all(ids)
        and text[:1] != "_"
        and "\0_" not in text
        and text.count("\0") < max(len(ids), 1)
        and max(map(len, ids), default=0) <= limits.id_length // 4
    )


def drafts(
    texts: Iterable[bytes], *, limits: Limits, new_edits: bool, new_id: Callable[[], str] | None = None
) -> list[Draft]:
    """Return what :func:`draft` makes of each of these JSON texts. ``new_id`` names those without ``_id``."""
    texts = list(texts)
    made = None if new_edits else _alike(texts, limits)
    return made or [_each(text, limits, new_edits, new_id) for text in texts]


def _each(text: bytes, limits: Limits, new_edits: bool, new_id: Callable[[], str] | None) -> Draft:  # noqa: FBT001  as the caller has it
    parsed = _object(text)
    id_ = None if new_id is None or "_id" in parsed else new_id()
    return draft(members(text), parsed, limits=limits, new_edits=new_edits, id_=id_)


def _object(text: bytes) -> dict[str, Any]:
    parsed = parse(text)
    if not isinstance(parsed, dict):
        raise BadRequest("Document must be a JSON object")
    return parsed


def _alike(texts: Sequence[bytes], limits: Limits) -> list[Draft] | None:
    """Return the drafts of revisions made elsewhere; ``None`` where one may be wrong, or does not tell of itself.

    They come by the hundred and nearly all are alike. So each is read and let go while the processor has it at hand,
    and what they tell of themselves is checked in one go, by what takes a list in one step of the interpreter.
    """
    made: list[Draft] = []
    revs: list[str] = []
    most = limits.document
    try:
        for text in texts:
            parsed, raw = _object(text), members(text)
            id_, rev, history = parsed["_id"], parsed["_rev"], parsed["_revisions"]
            path = history["start"], history["ids"]
            del raw["_id"], raw["_rev"], raw["_revisions"]
            body = join(raw)
            if b"_" in body or b"\n" in body or b"\r" in body or len(body) > most:  # other fields of ours, it may be
                made.append(_draft(id_, rev, path, raw, parsed, limits, NOTHING))
            else:
                made.append(Draft(id_, rev, False, body, None, {}, path))  # noqa: FBT003  as the fields stand
            revs.append(rev)
    except (KeyError, TypeError, SyncError):
        return None
    ids = [each.id for each in made]
    paths: list[Any] = [each.path for each in made]
    return made if _sound_ids(ids, limits) and _sound_paths(revs, paths, limits) else None


def _sound_paths(revs: Sequence[str], paths: Sequence[revisions.Path], limits: Limits) -> bool:
    """Tell whether all of ``revs`` are revision ids and ``paths`` their histories."""
    starts, digests = [start for start, _ in paths], [ids for _, ids in paths]
    return (
        revisions.sound(revs)
        and revisions.sound_paths(starts, digests)
        and max(map(len, digests), default=0) <= limits.path
        and all(map(eq, revs, [f"{start}-{ids[0]}" for start, ids in paths]))
    )


def draft(
    raw: Members,
    parsed: dict[str, Any],
    *,
    limits: Limits,
    new_edits: bool,
    id_: str | None = None,
    arrived: Mapping[str, Upload] = NOTHING,
) -> Draft:
    """Return what the object ``parsed``, whose fields as text are ``raw``, asks to have stored. Uses both up.

    ``id_`` stands in for a missing ``_id``. ``arrived`` has the attachments that followed the document.
    Raises ``BadDocument``, ``BadDocumentId``, ``BadRequest``, ``TooLarge``.
    """
    id_ = check_id(parsed.pop("_id", id_), limits)
    rev = parsed.pop("_rev", None)
    if rev is not None:
        revisions.check(rev)
    path = None if new_edits else _path(parsed.pop("_revisions", None), rev, limits)
    if path is not None and rev is None:
        rev = f"{path[0]}-{path[1][0]}"
    return _draft(id_, rev, path, raw, parsed, limits, arrived)


def _draft(
    id_: str,
    rev: str | None,
    path: revisions.Path | None,
    raw: Members,
    parsed: dict[str, Any],
    limits: Limits,
    arrived: Mapping[str, Upload],
) -> Draft:
    deleted = parsed.pop("_deleted", False)
    if not isinstance(deleted, bool):
        raise BadDocument("_deleted must be true or false")
    attachments = _attachments(parsed.pop("_attachments"), limits, arrived) if "_attachments" in parsed else {}
    for name in TOLD:
        raw.pop(name, None)
        parsed.pop(name, None)
    if any(name[:1] == "_" for name in parsed):
        _drop_ignored(raw, parsed)
    body = join(raw).translate(_ONE_LINE)
    if len(body) > limits.document:
        raise DocumentTooLarge(id_)
    return Draft(id_, rev, deleted, body, parsed, attachments, path)


def _drop_ignored(raw: Members, parsed: dict[str, Any]) -> None:
    """Take out what is the store's to say. Raises ``BadDocument`` for another name with a ``_``."""
    for name in [name for name in parsed if name[:1] == "_" and name not in KEPT]:
        if name not in IGNORED:
            raise BadDocument(f"Bad special document member: {name}")
        del parsed[name], raw[name]


def compose(id_: str, fields: Mapping[str, Any], *, rev: str | None, deleted: bool = False) -> Draft:
    """Return the draft of an edit that the application itself makes. ``fields`` has no ``_`` fields."""
    return Draft(id_, rev, deleted, orjson.dumps(fields), fields)


def _path(told: Any, rev: str | None, limits: Limits) -> revisions.Path:
    if told is None:
        if rev is None:
            raise BadRequest("When `new_edits: false`, the document needs `_rev` or `_revisions` specified")
        generation, digest = revisions.parse(rev)
        return generation, [digest]
    if not isinstance(told, dict) or not isinstance(told.get("ids"), list):
        raise BadDocument("_revisions must be an object with start and ids")
    start, ids = told.get("start"), told["ids"]
    if len(ids) > limits.path:
        raise TooLarge(f"_revisions has more than {limits.path} ids")
    if len(ids) != 1 or rev != f"{start}-{ids[0]}" or type(start) is not int:
        if not all(isinstance(digest, str) for digest in ids) or not isinstance(start, int):
            raise BadDocument("_revisions.start must be a number and _revisions.ids a list of strings")
        revisions.check_path(start, ids)
        if rev is not None and rev != f"{start}-{ids[0]}":
            raise BadRequest("_rev and _revisions contradict each other")
    return start, ids


def _attachments(told: Any, limits: Limits, arrived: Mapping[str, Upload]) -> dict[str, Upload | Stub]:
    if not isinstance(told, dict):
        raise BadDocument("Attachments property must be an object")
    return {check_attachment_name(name): _attachment(name, value, limits, arrived) for name, value in told.items()}


def check_attachment_name(name: str) -> str:
    """Return ``name`` if it can name an attachment. Raises ``BadRequest``."""
    if not name or "\0" in name:
        raise BadRequest("Attachment name must not be empty, nor hold the character U+0000")
    if name.startswith("_"):
        raise BadRequest(f"Attachment name '{name}' starts with prohibited character '_'")
    return name


def _attachment(name: str, told: Any, limits: Limits, arrived: Mapping[str, Upload]) -> Upload | Stub:
    if not isinstance(told, dict):
        raise BadDocument(f"Attachment {name} must be an object")
    revpos = told.get("revpos")
    if revpos is not None and (type(revpos) is not int or revpos < 0):
        raise BadDocument(f"Attachment {name}: revpos must be a number")
    if told.get("stub") is True:
        digest = told.get("digest")
        return Stub(digest if isinstance(digest, str) else None, revpos)
    if told.get("follows") is True:
        if name in arrived:
            return replace(arrived[name], revpos=revpos)
        raise BadRequest(f"Attachment {name} is said to follow, but the request is not multipart")
    data, content_type = told.get("data"), told.get("content_type", "application/octet-stream")
    if not isinstance(data, str) or not isinstance(content_type, str):
        raise BadDocument(f"Attachment {name} needs data and content_type")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"Attachment {name}: data is not base64") from error
    if len(content) > limits.attachment:
        raise AttachmentTooLarge(name)
    return Upload(content_type, Inline(content), revpos)
