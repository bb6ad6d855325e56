"""Asks the application over plain ASGI and goes away once it has the status: feeds and event streams never end."""

import asyncio
from typing import Any

from litestar import Litestar

from server.accounts.sessions import COOKIE
from tests.server.conftest import World


async def status_of(
    world: World,
    method: str,
    path: str,
    role: str | None,
    *,
    query: str = "",
    body: bytes = b"{}",
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> int:
    """Return the status that ``role`` (an account; ``None``: nobody) gets. Its session is used again while it lives."""
    from server.accounts import sessions  # noqa: PLC0415  only what logs in needs it

    cookies: list[tuple[bytes, bytes]] = []
    if role is not None:
        token = world.tokens.get(role)
        if token is None:
            token = world.database.write_now(lambda c: sessions.start(c, role, world.clock))
        if path.startswith("/api/session"):  # it may end
            world.tokens.pop(role, None)
        else:
            world.tokens[role] = token
        cookies = [(b"cookie", f"{COOKIE}={token}".encode())]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"baijiamen.test"), (b"content-type", b"application/json"), *cookies, *headers],
        "client": ("198.51.100.7", 4000),
        "server": ("baijiamen.test", 80),
        "state": {},
    }
    return await _first_status(world.app, scope, body)


async def _first_status(app: Litestar, scope: dict[str, Any], body: bytes) -> int:
    answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await answered
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and not answered.done():
            answered.set_result(message["status"])

    running = asyncio.create_task(app(scope, receive, send))
    await asyncio.wait({running, answered}, return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return answered.result()
