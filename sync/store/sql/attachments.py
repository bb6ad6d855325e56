"""Attachments going out: found by revision and name, read a piece at a time."""

import base64
from collections.abc import Iterator

import orjson
from sqlalchemy import Connection

from sync.errors import AttachmentMissing
from sync.store.sql.run import first, rows
from sync.store.values import Attachment


def find(connection: Connection, body: int, name: str) -> Attachment:
    """Return the attachment of the revision whose body is row ``body``. Raises ``AttachmentMissing``."""
    row = first(
        connection,
        "SELECT b.attachments, a.key FROM sync_body b JOIN sync_attached a ON a.body = b.n "
        "WHERE b.n = ? AND a.name = ?",
        body,
        name,
    )
    if row is None:
        raise AttachmentMissing
    stub = orjson.loads(row.attachments)[name]
    return Attachment(name, stub["content_type"], stub["length"], stub["digest"], row.key, pieces(connection, row.key))


def pieces(connection: Connection, key: str) -> Iterator[bytes]:
    """Yield a content's pieces in order."""
    part = 0
    while (data := piece(connection, key, part)) is not None:
        yield data
        part += 1


def piece(connection: Connection, key: str, part: int) -> bytes | None:
    """Return one piece of a content, or ``None`` past its end."""
    row = first(connection, "SELECT data FROM sync_chunk WHERE key = ? AND part = ?", key, part)
    return None if row is None else bytes(row.data)


def inlined(connection: Connection, body: int, stubs: bytes) -> bytes:
    """Return the ``_attachments`` of a revision with data in place of stubs."""
    told = orjson.loads(stubs)
    for name, key in rows(connection, "SELECT name, key FROM sync_attached WHERE body = ?", body):
        stub = told[name]
        del stub["stub"], stub["length"]
        stub["data"] = base64.b64encode(b"".join(pieces(connection, key))).decode()
    return orjson.dumps(told)
