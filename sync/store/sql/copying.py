"""A revision's body and attachments as the draft of another document. Contents are named, not read."""

from collections.abc import Iterator
from typing import Final

import orjson
from sqlalchemy import Connection

from sync.documents import Draft, Upload
from sync.jsontext import parse
from sync.store.sql import attachments, rows
from sync.store.sql.run import rows as query


class Held:
    """Content that the store has."""

    def __init__(self, connection: Connection, key: str, length: int, md5: str) -> None:
        self._connection: Final = connection
        self.key: Final = key
        self.length: Final = length
        self.md5: Final = md5

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces."""
        return attachments.pieces(self._connection, self.key)


def draft_of(connection: Connection, body: int, target: str, target_rev: str | None) -> Draft:
    """Return the edit of ``target`` that has the body of row ``body`` and its attachments."""
    found = rows.bodies(connection, [body])[body]
    stubs = orjson.loads(found.attachments or b"{}")
    keys = dict(query(connection, "SELECT name, key FROM sync_attached WHERE body = ?", body)) if stubs else {}
    uploads: dict[str, Upload] = {}
    for name, stub in stubs.items():
        packed = stub.get("encoded_length")
        content = Held(connection, keys[name], stub["length"] if packed is None else packed, stub["digest"])
        uploads[name] = Upload(stub["content_type"], content, decoded=None if packed is None else stub["length"])
    return Draft(target, target_rev, deleted=False, body=found.body, parsed=parse(found.body), attachments=uploads)
