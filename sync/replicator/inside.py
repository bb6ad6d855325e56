"""This server's own databases as a peer: the same requests and answers, without a network between.

So there is one way to replicate, and what holds for a database elsewhere holds for one here.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

import httpx
from litestar.connection import ASGIConnection

from sync.access import Gatekeeper, Principal, View
from sync.http import errors, routes
from sync.http.front import Front
from sync.http.wire import Answer, Call, cut, query, raw
from sync.limits import Limits
from sync.store.contract import DocumentStore

if TYPE_CHECKING:
    from litestar.types import HTTPScope

ROOT: Final = "http://this.server"
"""What URLs of our own databases begin with; nothing listens there."""


class KnownCaller:
    """Lets in whom the application let in before, with what the application's gatekeeper opens for them."""

    def __init__(self, gatekeeper: Gatekeeper, principal: Principal) -> None:
        self._gatekeeper: Final = gatekeeper
        self._principal: Final = principal

    async def identify(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Principal | None:
        """Return who had the replication made."""
        del connection
        return self._principal

    async def log_in(self, name: str, password: str, *, client: str) -> tuple[Principal, str] | None:
        """Open no session: there is no need of one."""
        del name, password, client
        return None

    async def log_out(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Do nothing: there is no session."""

    async def open(self, principal: Principal | None, name: str) -> View:
        """Return what ``name`` opens."""
        return await self._gatekeeper.open(principal, name)


class Inside(httpx.AsyncBaseTransport):
    """Answers a client's requests by this server's own handlers, as ``principal``."""

    def __init__(self, store: DocumentStore, gatekeeper: Gatekeeper, limits: Limits, principal: Principal) -> None:
        self._front: Final = Front(store, KnownCaller(gatekeeper, principal), limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request. The body of the answer is passed on as it is made."""
        if not isinstance(request.stream, httpx.AsyncByteStream):
            raise TypeError("an asynchronous client sends asynchronous bodies")
        pieces = aiter(request.stream)

        async def receive() -> Any:
            async for piece in pieces:
                return {"type": "http.request", "body": piece, "more_body": True}
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = _scope(request)
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope, receive)
        try:
            call = Call(self._front, connection, receive, request.method, cut(scope, ""), query(scope))
            answer = await routes.answer(call)
        except Exception as error:  # noqa: BLE001  as every error of a request, it has an answer
            answer = errors.answer(error)
        headers = {"content-type": answer.media_type, **answer.headers}
        return httpx.Response(answer.status, headers=raw(headers), stream=_Body(answer))


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: Answer) -> None:
        self._answer: Final = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        body = self._answer.body
        if isinstance(body, bytes):
            yield body
            return
        async for piece in body:
            yield piece

    async def aclose(self) -> None:
        if not isinstance(self._answer.body, bytes):
            await self._answer.body.aclose()
        if self._answer.release is not None:
            self._answer.release()


def _scope(request: httpx.Request) -> "HTTPScope":
    raw, _, asked = request.url.raw_path.partition(b"?")
    scope: Any = {
        "type": "http",
        "method": request.method,
        "path": request.url.path,
        "raw_path": raw,
        "root_path": "",
        "query_string": asked,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": "http",
        "client": None,
        "server": None,
        "http_version": "1.1",
        "state": {},
    }
    told: HTTPScope = scope
    return told
