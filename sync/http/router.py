"""The replication server as one mount in a Litestar application."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from litestar import asgi
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from sync.access import Gatekeeper
from sync.errors import TooLarge
from sync.http import errors, routes
from sync.http.front import Front
from sync.http.wire import Answer, Call, ClientGone, cut, query, send_answer
from sync.limits import Limits
from sync.store.contract import DocumentStore

if TYPE_CHECKING:
    from sync.replicator.jobs import Replicator


def router(
    store: DocumentStore,
    gatekeeper: Gatekeeper,
    limits: Limits | None = None,
    *,
    path: str = "/sync",
    opt: Mapping[str, Any] | None = None,
    replicator: "Replicator | None" = None,
) -> ASGIRouteHandler:
    """Return the server, mounted at ``path``, for the application's ``route_handlers``.

    It is one handler and not many because it cuts the path itself (:func:`sync.http.wire.cut`), answers methods that
    Litestar does not know, and answers every error as CouchDB does. Every request but ``GET /``, ``GET /_up`` and
    ``/_session`` goes through ``gatekeeper``. ``opt`` is passed on to Litestar. ``replicator`` makes this server
    a client of others; its ``lifespan`` is the application's to open.
    """
    front = Front(store, gatekeeper, limits or Limits(), replicator)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await send({"type": "websocket.close", "code": 1000, "reason": "there are no sockets here"})
            return
        method = str(scope.get("method", "GET"))
        try:
            answer = await _answer(front, scope, receive, method, path)
        except ClientGone:
            return
        await send_answer(answer, receive, send, head=method == "HEAD")

    return asgi(path, is_mount=True, copy_scope=True, opt=dict(opt or {}))(serve)


async def _answer(front: Front, scope: Scope, receive: Receive, method: str, path: str) -> Answer:
    connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope, receive)
    try:
        call = Call(front, connection, receive, method, cut(scope, path), query(scope))
        return await routes.answer(call)
    except ClientGone:
        raise
    except Exception as error:  # noqa: BLE001  every error has an answer
        told = errors.answer(error)
        if isinstance(error, TooLarge) and "content-length" not in connection.headers:
            told.headers["connection"] = "close"  # else a body that never ends would be read, and thrown away, for ever
        return told
