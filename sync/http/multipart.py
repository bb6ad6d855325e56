"""Documents with their attachments behind them: ``multipart/related``, and many of those as ``multipart/mixed``.

The order of parts and the headers are those of Apache CouchDB, whose replicator reads attachments by their order: the
document first, then every attachment that it says ``follows``, in the order of its ``_attachments``.
"""

import re
import secrets
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from sync.documents import GZIP, Upload, check_attachment_name
from sync.errors import BadContentType, BadRequest, DigestMismatch, TooLarge
from sync.http.contents import Spool, pieces
from sync.http.negotiation import RELATED
from sync.http.wire import JSON, Answer, Call
from sync.jsontext import parse
from sync.store.contract import DocumentStore
from sync.store.values import Following, Found, Revision

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\"]")


def header(text: str) -> str:
    """Return ``text`` as it can stand in a header: without what would end the line or a quotation."""
    return _CONTROL.sub(lambda match: f"%{ord(match[0]):02X}", text)


# -- out --------------------------------------------------------------------------------------------------------------


def related(store: DocumentStore, revision: Revision, headers: dict[str, str]) -> Answer:
    """Return the answer that is one document and its attachments."""
    boundary = secrets.token_hex(16)
    length = sum(len(each) + following.length for each, following in _heads(boundary, revision.following))
    length += len(_begin(boundary, revision)) + len(b"--")
    headers = {**headers, "content-length": str(length)}
    return Answer(200, _related(store, boundary, revision), headers, f'{RELATED}; boundary="{boundary}"')


async def _related(store: DocumentStore, boundary: str, revision: Revision) -> AsyncGenerator[bytes, None]:
    yield _begin(boundary, revision)
    for head, following in _heads(boundary, revision.following):
        before, _, after = head.rpartition(b"\r\n--")
        yield before
        async for piece in pieces(store, following.key, 0, following.length - 1):
            yield piece
        yield b"\r\n--" + after
    yield b"--"


def _begin(boundary: str, revision: Revision) -> bytes:
    return b"--%b\r\nContent-Type: application/json\r\n\r\n%b\r\n--%b" % (
        boundary.encode(),
        revision.text,
        boundary.encode(),
    )


def _heads(boundary: str, following: Sequence[Following]) -> Iterable[tuple[bytes, Following]]:
    """Yield what stands before each content, and the boundary that stands after it."""
    for each in following:
        lines = [
            f'Content-Disposition: attachment; filename="{header(each.name)}"',
            f"Content-Type: {header(each.content_type)}",
            f"Content-Length: {each.length}",
            *([f"Content-Encoding: {GZIP}"] if each.packed else []),
        ]
        yield ("\r\n" + "\r\n".join(lines) + f"\r\n\r\n\r\n--{boundary}").encode(), each


async def mixed(
    store: DocumentStore, boundary: str, leaves: Sequence[tuple[str, Found]]
) -> AsyncGenerator[bytes, None]:
    """Yield several revisions of one document; ``{"missing": rev}`` where one is not here."""
    inner = secrets.token_hex(16)
    outer = f"\r\n--{boundary}".encode()
    yield outer[2:]
    for rev, found in leaves:
        if found is None:
            yield b'\r\nContent-Type: application/json; error="true"\r\n\r\n' + orjson.dumps({"missing": rev}) + outer
            continue
        media_type = f'{RELATED}; boundary="{inner}"' if found.following else JSON
        yield f"\r\nContent-Type: {media_type}\r\n\r\n".encode()
        async for piece in _part(store, inner, found):
            yield piece
        yield outer
    yield b"--"


async def results(
    store: DocumentStore,
    boundary: str,
    asked: Sequence[tuple[str, Mapping[str, Any] | None, Sequence[tuple[str, Found]]]],
    *,
    silent: bool,
) -> AsyncGenerator[bytes, None]:
    """Yield what ``_bulk_get`` found: for each document its id, what is wrong with the request for it, its revisions.

    ``silent`` leaves out what is missing.
    """
    inner = "--" + secrets.token_hex(16)
    outer = f"\r\n--{boundary}\r\n".encode()
    failed = outer + b'Content-Type: application/json; error="true"\r\n\r\n'
    for id_, error, leaves in asked:
        if error is not None:
            yield failed + orjson.dumps(error)
            continue
        for rev, found in leaves:
            if found is None:
                if not silent:
                    yield failed + orjson.dumps({"id": id_, "rev": rev, "error": "not_found", "reason": "missing"})
                continue
            kind = "Content-Type: application/json"
            if found.following:
                kind = f"X-Doc-Id: {header(id_)}\r\nX-Rev-Id: {rev}\r\nContent-Type: {RELATED}; boundary={inner}"
            yield outer + f"{kind}\r\n\r\n".encode()
            async for piece in _part(store, inner, found):
                yield piece
    if asked:
        yield f"\r\n--{boundary}--\r\n".encode()


async def _part(store: DocumentStore, boundary: str, found: Revision) -> AsyncGenerator[bytes, None]:
    if not found.following:
        yield found.text
        return
    async for piece in _related(store, boundary, found):
        yield piece


# -- in ---------------------------------------------------------------------------------------------------------------


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary of a ``multipart/related`` request; ``None`` for one of any other type."""
    kind, options = parse_options_header(content_type)
    if kind.lower() != RELATED.encode():
        return None
    boundary = options.get(b"boundary")
    if not boundary:
        raise BadRequest("multipart/related needs a boundary")
    return boundary


async def receive(call: Call, boundary: bytes, held: ExitStack) -> tuple[bytes, dict[str, Upload]]:
    """Return the document's text and the attachments that followed it; their files live as long as ``held``.

    Raises ``BadRequest``, ``BadContentType``, ``TooLarge``, ``DigestMismatch``.
    """
    parts = _Parts(call, held)
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async for piece in call.stream(call.front.limits.body + call.front.limits.attachment):
            parser.write(piece)
    except FormParserError as error:
        raise BadRequest("the multipart body is malformed") from error
    return bytes(parts.text), parts.finish()


class _Parts:
    """Takes the parts as they come: the first is the document, and says which follow."""

    def __init__(self, call: Call, held: ExitStack) -> None:
        self._limits: Final = call.front.limits
        self._held: Final = held
        self.text: Final = bytearray()
        self._headers: dict[str, str] = {}
        self._field = self._value = b""
        self._awaited: list[tuple[str, dict[str, Any]]] = []
        self._arrived: Final[dict[str, Upload]] = {}
        self._spool: Spool | None = None
        self._count = 0
        self._ended = False

    def callbacks(self) -> Any:
        """Return what the parser calls."""
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": self._on_part,
            "on_end": self._on_end,
        }

    def finish(self) -> dict[str, Upload]:
        """Return the attachments."""
        if not self._ended or self._awaited:
            raise BadRequest("expected more data")
        return self._arrived

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = self._value.decode("latin-1").strip()
        self._field = self._value = b""

    def _on_headers(self) -> None:
        self._count += 1
        if self._count == 1:
            if self._headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
                raise BadContentType("Content-Type must be application/json")
        elif not self._awaited:
            raise BadRequest("more parts than attachments that are said to follow")
        else:
            name, told = self._awaited[0]
            packed = told.get("encoding") == GZIP
            self._spool = Spool(name, self._limits.attachment, self._held, packed=packed)

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._spool is not None:
            self._spool.write(data[start:end])
        else:
            self.text.extend(data[start:end])
            if len(self.text) > self._limits.body:
                raise TooLarge(f"the request body is larger than {self._limits.body} bytes")

    def _on_part(self) -> None:
        if self._spool is None:
            self._awaited = _following(bytes(self.text))
            return
        name, told = self._awaited.pop(0)
        content_type = told.get("content_type", "application/octet-stream")
        if not isinstance(content_type, str):
            raise BadRequest(f"Attachment {name} needs a content_type")
        upload = self._spool.upload(content_type)
        self._spool = None
        if "digest" in told and told["digest"] != upload.content.md5:
            raise DigestMismatch
        length = told.get("encoded_length" if upload.decoded is not None else "length")
        if length is not None and length != upload.content.length:
            raise BadRequest(f"Attachment {name} is not as long as is said")
        self._arrived[name] = upload

    def _on_end(self) -> None:
        self._ended = True


def _following(text: bytes) -> list[tuple[str, dict[str, Any]]]:
    told = parse(text)
    attachments = told.get("_attachments") if isinstance(told, dict) else None
    if not isinstance(attachments, dict):
        return []
    return [
        (check_attachment_name(name), each)
        for name, each in attachments.items()
        if isinstance(each, dict) and each.get("follows") is True
    ]
