"""One attachment: read, write and remove, a piece at a time."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack
from typing import Any, Final

from sync.access import View
from sync.documents import GZIP, check_attachment_name
from sync.errors import BadContentType, BadRequest, Conflict
from sync.http import contents
from sync.http.document import asked_rev, etag_matches, located, name, queried_rev, somebody
from sync.http.multipart import header
from sync.http.negotiation import accepts_gzip, ranges
from sync.http.wire import Answer, Call, json_answer
from sync.store.contract import DocumentStore
from sync.store.values import Attachment

SAFE: Final = {
    "content-security-policy": "sandbox; default-src 'none'",  # a page somebody attached must not run as ours
    "x-content-type-options": "nosniff",
}


async def get(call: Call, view: View) -> Answer:
    """``GET /{db}/{id}/{name}?rev=``: all of it, or ranges of one that is not packed."""
    (id_, attachment), rev = _path(call), queried_rev(call)
    store = call.front.store
    _, found = await store.database.read(lambda c: store.find_attachment_now(c, view, id_, rev, attachment))
    etag = f'"{found.digest.removeprefix("md5-")}"'
    if etag_matches(call.connection, etag):
        return Answer(304, b"", {"etag": etag})
    headers = {"etag": etag, "accept-ranges": "bytes" if found.packed is None else "none", **SAFE}
    media_type = header(found.content_type)
    if found.packed is None:
        asked = ranges(call.headers.get("range"), found.length)
        if asked is not None:
            return _ranged(store, found, asked, headers, media_type)
    elif not accepts_gzip(call.headers):
        body = contents.unpacked(contents.pieces(store, found.key, 0, found.packed - 1))
        return Answer(200, body, {**headers, "content-length": str(found.length)}, media_type)
    else:
        headers["content-encoding"] = GZIP
    length = found.length if found.packed is None else found.packed
    headers |= {"content-length": str(length), "content-md5": etag.strip('"')}
    return Answer(200, contents.pieces(store, found.key, 0, length - 1), headers, media_type)


def _ranged(
    store: DocumentStore,
    found: Attachment,
    asked: Sequence[tuple[int, int]],
    headers: dict[str, str],
    media_type: str,
) -> Answer:
    if len(asked) == 1:
        first, last = asked[0]
        headers |= {"content-range": f"bytes {first}-{last}/{found.length}", "content-length": str(last - first + 1)}
        return Answer(206, contents.pieces(store, found.key, first, last), headers, media_type)
    boundary = secrets.token_hex(16)

    async def parts() -> AsyncGenerator[bytes, None]:
        yield f"--{boundary}".encode()
        for first, last in asked:
            told = f"\r\nContent-Type: {media_type}\r\nContent-Range: bytes {first}-{last}/{found.length}\r\n\r\n"
            yield told.encode()
            async for piece in contents.pieces(store, found.key, first, last):
                yield piece
            yield f"\r\n--{boundary}".encode()
        yield b"--"

    return Answer(206, parts(), SAFE | {"accept-ranges": "bytes"}, f'multipart/byteranges; boundary="{boundary}"')


async def put(call: Call, view: View) -> Answer:
    """``PUT /{db}/{id}/{name}?rev=``: a new revision of the document with this attachment, or a new document."""
    principal, (id_, attachment), rev = somebody(call), _path(call), asked_rev(call)
    check_attachment_name(attachment)
    store = call.front.store
    content_type = call.headers.get("content-type", "application/octet-stream")
    encoding = call.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", GZIP}:
        raise BadContentType("Only gzip and identity content-encodings are supported")
    limit = call.front.limits.attachment
    with ExitStack() as held:
        spool = contents.Spool(attachment, limit, held, packed=encoding == GZIP)
        async for piece in call.stream(limit):
            spool.write(piece)
        upload = spool.upload(content_type)
        await store.stage(upload.content)
        new = await store.database.write(
            lambda c: store.attach_now(c, view, principal, id_, attachment, upload, rev=rev)
        )
    return _answer(id_, new, 201, {"location": located(view, id_, attachment)})


async def delete(call: Call, view: View) -> Answer:
    """``DELETE /{db}/{id}/{name}?rev=``: a new revision of the document, without this attachment."""
    principal, (id_, attachment), rev = somebody(call), _path(call), asked_rev(call)
    store = call.front.store

    def write(connection: Any) -> str:
        store.find_attachment_now(connection, view, id_, rev, attachment)
        if rev is None:
            raise Conflict
        return store.attach_now(connection, view, principal, id_, attachment, None, rev=rev)

    return _answer(id_, await store.database.write(write), 200, {})


def _answer(id_: str, rev: str, status: int, headers: dict[str, str]) -> Answer:
    return json_answer({"ok": True, "id": id_, "rev": rev}, status, {"etag": f'"{rev}"', **headers})


def _path(call: Call) -> tuple[str, str]:
    id_, attachment = name(call)
    if not attachment:
        raise BadRequest("Attachment name must not be empty, nor hold the character U+0000")
    return id_, attachment
