"""Attachments going out: found by revision and name, read a piece at a time."""

import base64
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from sync.documents import GZIP
from sync.errors import AttachmentMissing, AttachmentTooLarge
from sync.store.sql.run import first, rows
from sync.store.values import Attachment, Following, Show

UNPACKED: Final = 256 * 1024 * 1024
"""Most bytes of one packed attachment that are put as data into a JSON text."""
_PACKED: Final = b'"encoding":'


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
    return Attachment(
        name,
        stub["content_type"],
        stub["length"],
        stub["digest"],
        row.key,
        pieces(connection, row.key),
        stub.get("encoded_length"),
    )


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


def told(
    connection: Connection, body: int, stubs: bytes, show: Show, line: Sequence[str] = ()
) -> tuple[bytes, tuple[Following, ...]]:
    """Return the ``_attachments`` of a revision as ``show`` wants them, and those whose content is to follow.

    ``line`` is the revision's ancestry; only ``show.since`` needs it.
    """
    if not show.attachments and (show.encoding or _PACKED not in stubs):
        return stubs, ()
    shown: dict[str, dict[str, Any]] = orjson.loads(stubs)
    after = max((int(rev.partition("-")[0]) for rev in show.since or () if rev in line), default=0)
    keys: dict[str, str] = {}
    if show.attachments:
        keys = dict(rows(connection, "SELECT name, key FROM sync_attached WHERE body = ?", body))
    following: list[Following] = []
    for name, stub in shown.items():
        packed = stub.get("encoding") == GZIP
        if show.attachments and stub["revpos"] > after:
            del stub["stub"]
            if show.follows:
                stub["follows"] = True
                length = stub["encoded_length"] if packed else stub["length"]
                following.append(Following(name, stub["content_type"], length, packed, keys[name]))
            else:
                del stub["length"]
                stub["data"] = base64.b64encode(_content(connection, name, keys[name], packed=packed)).decode()
        if packed and not show.encoding:
            del stub["encoding"], stub["encoded_length"]
    return orjson.dumps(shown), tuple(following)


def _content(connection: Connection, name: str, key: str, *, packed: bool) -> bytes:
    content = b"".join(pieces(connection, key))
    if not packed:
        return content
    plain = b""
    while content:
        unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
        plain += unpacking.decompress(content, UNPACKED + 1 - len(plain))
        if len(plain) > UNPACKED:
            raise AttachmentTooLarge(name)
        content = unpacking.unused_data
    return plain
