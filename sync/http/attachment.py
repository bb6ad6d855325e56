"""One attachment: read, write and remove, a piece at a time."""

import base64
import hashlib
import tempfile
from collections.abc import AsyncGenerator, Iterator
from typing import IO, Any, Final
from urllib.parse import quote

from sync.access import View
from sync.documents import CHUNK, Upload, check_attachment_name
from sync.http.document import asked_rev, etag_matches, name, somebody
from sync.http.wire import Answer, Call, json_answer

IN_MEMORY: Final = 1024 * 1024
"""Bytes of an upload that are held in memory; what is longer waits in a file until it is whole."""
SAFE: Final = {
    "content-security-policy": "sandbox; default-src 'none'",  # a page somebody attached must not run as ours
    "x-content-type-options": "nosniff",
}


class Spooled:
    """Content that was received piece by piece into a temporary file."""

    def __init__(self, file: IO[bytes], length: int, md5: str, key: str) -> None:
        self._file: Final = file
        self.length: Final = length
        self.md5: Final = md5
        self.key: Final = key

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces."""
        self._file.seek(0)
        while piece := self._file.read(CHUNK):
            yield piece


async def receive(call: Call, file: IO[bytes]) -> Spooled:
    """Receive the request's body into ``file``."""
    md5, sha, length = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    async for piece in call.stream(call.front.limits.attachment):
        md5.update(piece)
        sha.update(piece)
        length += len(piece)
        file.write(piece)
    return Spooled(file, length, "md5-" + base64.b64encode(md5.digest()).decode(), sha.hexdigest())


async def get(call: Call, view: View) -> Answer:
    """``GET /{db}/{id}/{name}?rev=``."""
    (id_, attachment), rev = _path(call), asked_rev(call)
    store = call.front.store
    _, found = await store.database.read(lambda c: store.find_attachment_now(c, view, id_, rev, attachment))
    etag = f'"{found.digest.removeprefix("md5-")}"'
    if etag_matches(call.connection, etag):
        return Answer(304, b"", {"etag": etag})

    async def body() -> AsyncGenerator[bytes, None]:
        part = 0
        while (piece := await store.database.read(lambda c, n=part: store.piece_now(c, found.key, n))) is not None:  # type: ignore[misc]
            yield piece
            part += 1

    headers = {"etag": etag, "content-length": str(found.length), "content-md5": etag.strip('"'), **SAFE}
    return Answer(200, body(), headers, found.content_type)


async def put(call: Call, view: View) -> Answer:
    """``PUT /{db}/{id}/{name}?rev=``: a new revision of the document with this attachment, or a new document."""
    principal, (id_, attachment), rev = somebody(call), _path(call), asked_rev(call)
    store = call.front.store
    content_type = call.headers.get("content-type", "application/octet-stream")
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        upload = Upload(content_type, await receive(call, file))
        new = await store.database.write(
            lambda c: store.attach_now(c, view, principal, id_, attachment, upload, rev=rev)
        )
    return _answer(view, id_, attachment, new, 201)


async def delete(call: Call, view: View) -> Answer:
    """``DELETE /{db}/{id}/{name}?rev=``: a new revision of the document, without this attachment."""
    principal, (id_, attachment), rev = somebody(call), _path(call), asked_rev(call)
    store = call.front.store
    new = await store.database.write(lambda c: store.attach_now(c, view, principal, id_, attachment, None, rev=rev))
    return _answer(view, id_, attachment, new, 200)


def _answer(view: View, id_: str, attachment: str, rev: str, status: int) -> Answer:
    told: dict[str, Any] = {"ok": True, "id": id_, "rev": rev}
    location = "/" + "/".join(quote(part, safe="") for part in (view.name, id_, attachment))
    return json_answer(told, status, {"etag": f'"{rev}"', "location": location})


def _path(call: Call) -> tuple[str, str]:
    id_, attachment = name(call)
    return id_, check_attachment_name(attachment or "")
