"""How much one request may ask of the server."""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what a client may send or hold open. What is over a bound is answered 413, feeds over theirs 503."""

    body: int = 64 * MIB
    """Bytes of one JSON request body, inline attachments included."""
    document: int = 8 * MIB
    """Bytes of one document as JSON text, attachments not counted (CouchDB: ``max_document_size``)."""
    attachment: int = 1024 * MIB
    """Bytes of one attachment (CouchDB: ``max_attachment_size``)."""
    bulk: int = 10_000
    """Documents, ids or revisions in one bulk request."""
    same: int = 100
    """Revisions of one document in one bulk request: each is merged into a tree that grows with it, one by one."""
    inlined: int = 32 * MIB
    """Bytes of attachments in one JSON answer of a scope: it is put together in memory."""
    form: int = 64 * 1024
    """Bytes of the body of a log-in, which anybody may send."""
    id_length: int = 512
    """Bytes of a document id in UTF-8 (CouchDB: ``max_document_id_length``, there without a bound)."""
    path: int = 20_000
    """Revisions in one ``_revisions``."""
    feeds: int = 2000
    """Change feeds that wait at the same time, over all clients."""
    feeds_each: int = 100
    """Change feeds of one account."""
    poll_seconds: float = 50.0
    """A long poll answers by itself after this time; clients have no timeout of their own, proxies cut at 60 s."""
    heartbeat_least: float = 1.0
    """Seconds; a client that asks for a quicker heartbeat gets this one."""
    uuids: int = 1000
    """Most ids that one ``_uuids`` gives."""
