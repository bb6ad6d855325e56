"""The guard before every route: default deny, by the rule that the route declares."""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from litestar.app import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.routes import BaseRoute

from server.accounts import repository, sessions
from server.accounts.models import Account
from server.accounts.policy import Who, allows
from server.clock import Clock, to_ms
from server.errors import Forbidden, Unauthorized
from server.origin import from_this_machine, same_origin
from server.settings import Settings
from sync.store.database import Database

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SESSION: Final = "baijiamen_session"


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let the request through, or raise :class:`Unauthorized` or :class:`Forbidden`.

    A request that changes something must not come from a page of somebody else's, logged in or not: else such a page
    could log the user in as another.
    """
    settings: Settings = connection.app.state.settings
    if connection.scope.get("method") not in SAFE and not same_origin(connection, settings.origins):
        raise Forbidden("这个请求来自别的网站，已被拒绝。请回到本系统的页面再操作。")
    if connection.scope.get("method") == "OPTIONS":
        return  # the framework's own answer: which methods the route has
    who: Who = handler.opt["who"]
    if who in {Who.ANYONE, Who.GATEKEEPER} or (who is Who.LOOPBACK and from_this_machine(connection)):
        return
    account = await logged_in(connection)
    if not allows(who, account):
        raise Unauthorized if account is None else Forbidden


async def session_of(connection: ASGIConnection[Any, Any, Any, Any]) -> sessions.Session | None:
    """Return the session that the request carries, looked up once per request; ``None`` without one that is good."""
    state = connection.scope["state"]
    if _SESSION not in state:
        state[_SESSION] = await _look_up(connection)
    found: sessions.Session | None = state[_SESSION]
    return found


async def logged_in(connection: ASGIConnection[Any, Any, Any, Any]) -> Account | None:
    """Return the account whose session the request carries, or ``None``."""
    found = await session_of(connection)
    return None if found is None else found.account


async def _look_up(connection: ASGIConnection[Any, Any, Any, Any]) -> sessions.Session | None:
    database: Database = connection.app.state.database
    clock: Clock = connection.app.state.clock
    settings: Settings = connection.app.state.settings
    for token in sessions.tokens(connection):
        found = await database.read(partial(sessions.find, token=token, clock=clock, settings=settings.accounts))
        if found is not None:
            if found.stale:
                now_ms = to_ms(clock.now())
                await database.write(partial(repository.touch_session, token_hash=found.token_hash, now_ms=now_ms))
            return found
    return None


def undeclared(app: Litestar) -> list[str]:
    """Return the routes of ``app`` whose handlers do not declare who may call them, as "METHOD /path"."""
    return sorted(
        f"{'/'.join(sorted(getattr(handler, 'http_methods', ())))} {route.path}"
        for route in app.routes
        for handler in _handlers(route)
        if not isinstance(handler.opt.get("who"), Who) and getattr(handler, "http_methods", None) != {"OPTIONS"}
    )


def _handlers(route: BaseRoute) -> Iterable[BaseRouteHandler]:
    many = getattr(route, "route_handlers", None)
    return many if many is not None else [route.route_handler]  # type: ignore[attr-defined]
