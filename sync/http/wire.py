"""Requests and answers between ASGI and the resources.

Paths are cut at the slashes that the client sent and decoded afterwards: in ``/db/a%2Fb`` there is one document, not an
attachment of another. A framework that decodes first cannot tell.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

import orjson
from litestar.connection import ASGIConnection
from litestar.types import Receive, Scope, Send

from sync.access import Principal, View
from sync.errors import BadContentType, BadRequest, Forbidden, SyncError, TooLarge, Unauthorized
from sync.jsontext import parse_flat
from sync.store.values import Found

if TYPE_CHECKING:
    from sync.http.front import Front

JSON: Final = "application/json"
THREAD_FROM: Final = 512 * 1024
"""Bytes of JSON from which parsing is done in a thread, so that other requests go on meanwhile.

Less than that takes no longer than a thread keeps the interpreter to itself (``sys.getswitchinterval``): nobody would
gain by handing it over.
"""


@dataclass(slots=True)
class Answer:
    """What is sent back. A body that is an iterator is sent piece by piece as long as the client is there."""

    status: int
    body: bytes | AsyncGenerator[bytes, None]
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = JSON
    release: Callable[[], None] | None = None
    """Called once when all is sent, or the client is gone."""


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return ``value`` as a JSON answer."""
    return Answer(status, orjson.dumps(value) + b"\n", dict(headers or {}))


@dataclass(slots=True)
class Call:
    """One request. ``segments`` is the path below the server's root, cut and decoded."""

    front: "Front"
    connection: ASGIConnection[Any, Any, Any, Any]
    receive: Receive
    method: str
    segments: list[str]
    query: dict[str, str]
    principal: Principal | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers, by lower-case name."""
        return self.connection.headers

    def server_admin(self) -> Principal:
        """Return who asks. Raises ``Unauthorized`` or ``Forbidden`` unless they administer the server."""
        if self.principal is None:
            raise Unauthorized("You are not a server admin.")
        if not self.principal.admin:
            raise Forbidden("You are not a server admin.")
        return self.principal

    def bound_inlined(self, shown: Iterable[Found]) -> None:
        """Raise ``TooLarge`` when the attachments of ``shown``, stubs there, are too much for one JSON answer."""
        length = 0
        for each in shown:
            if each is not None and b'"_attachments"' in each.text:
                stubs = orjson.loads(each.text).get("_attachments") or {}
                length += sum(stub["length"] for stub in stubs.values())
        if length > self.front.limits.inlined:
            raise TooLarge(f"more than {self.front.limits.inlined} bytes of attachments in one answer: ask for fewer")

    async def stream(self, limit: int) -> AsyncIterator[bytes]:
        """Yield the body as it comes. Raises ``TooLarge`` past ``limit`` bytes."""
        announced = self.headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit:
            raise TooLarge(f"the request body is larger than {limit} bytes")
        received = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            if message["type"] != "http.request":
                continue
            received += len(message["body"])
            if received > limit:
                raise TooLarge(f"the request body is larger than {limit} bytes")
            yield message["body"]
            if not message["more_body"]:
                return

    async def body(self, limit: int | None = None) -> bytes:
        """Return the whole body. Raises ``TooLarge`` past ``limit`` bytes (default: the limit of all bodies)."""
        return b"".join([piece async for piece in self.stream(limit or self.front.limits.body)])

    def content_type(self, wanted: str) -> None:
        """Raise ``BadContentType`` unless the body is of that type."""
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
            raise BadContentType(f"Content-Type must be {wanted}")

    async def json_text(self, limit: int | None = None) -> bytes:
        """Return the body of a request that must be JSON. Raises ``BadContentType``, ``TooLarge``."""
        self.content_type(JSON)
        return await self.body(limit)

    async def json_object(self, limit: int | None = None) -> dict[str, Any]:
        """Return the body as a JSON object."""
        value = await in_thread(parse_flat, await self.json_text(limit))
        if not isinstance(value, dict):
            raise BadRequest("Request body must be a JSON object")
        return value


class ClientGone(Exception):
    """The client hung up before its request was read."""


async def in_thread(parse_: Callable[[bytes], Any], text: bytes) -> Any:
    """Return ``parse_(text)``, computed in a thread where the text is long."""
    return parse_(text) if len(text) < THREAD_FROM else await asyncio.to_thread(parse_, text)


def cut(scope: Scope, prefix: str) -> list[str]:
    """Return the segments of the path below ``prefix``. Raises ``BadRequest`` for what is no UTF-8."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].removeprefix(scope.get("root_path", "").encode()).removeprefix(prefix.encode())
    try:
        segments = [unquote_to_bytes(segment).decode() for segment in path.removeprefix(b"/").split(b"/")]
    except UnicodeDecodeError as error:
        raise BadRequest("the path is no UTF-8") from error
    while segments and not segments[-1]:
        segments.pop()
    return segments


def query(scope: Scope) -> dict[str, str]:
    """Return the query's parameters, the last of each name."""
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as they are sent: what is in none of their characters, as somebody's content type, is ``?``."""
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]


async def send_answer(answer: Answer, receive: Receive, send: Send, *, head: bool) -> None:
    """Send ``answer``; for a ``HEAD`` request only its headers. Stops when the client is gone."""
    try:
        await _send(answer, receive, send, head=head)
    finally:
        if answer.release is not None:
            answer.release()


async def _send(answer: Answer, receive: Receive, send: Send, *, head: bool) -> None:
    headers = {"content-type": answer.media_type, "cache-control": "must-revalidate", **answer.headers}
    if isinstance(answer.body, bytes):
        headers.setdefault("content-length", str(len(answer.body)))
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": raw(headers),
        }
    )
    if isinstance(answer.body, bytes) or head:
        body = b"" if head or not isinstance(answer.body, bytes) else answer.body
        await send({"type": "http.response.body", "body": body, "more_body": False})
        return
    pump = asyncio.ensure_future(_pump(answer.body, send))
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not pump.done():
            pump.cancel()
        with contextlib.suppress(asyncio.CancelledError, SyncError):  # what was read from is gone: break off
            await pump


async def _pump(body: AsyncGenerator[bytes, None], send: Send) -> None:
    async with contextlib.aclosing(body) as pieces:
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


Handler = Callable[[Call], Awaitable[Answer]]
ViewHandler = Callable[[Call, View], Awaitable[Answer]]
