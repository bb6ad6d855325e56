"""A throw-away replication server: plain databases, two scopes, one administrator and one phone.

``python serve.py PLACE PORT [LIMITS [REPLICATOR]]`` serves until it is killed. ``PLACE`` is a folder, or the URL of a
database; the port 0 lets the system choose; ``LIMITS`` are those of :class:`sync.limits.Limits` that are to be others,
as JSON, and ``REPLICATOR`` those of :class:`sync.replicator.settings.ReplicatorSettings`. It prints its port.
"""

import base64
import gc
import json
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from litestar import Litestar
from litestar.connection import ASGIConnection

from sync.access import Principal, View
from sync.errors import Forbidden, Unauthorized
from sync.http import router
from sync.limits import Limits
from sync.replicator.jobs import Replicator
from sync.replicator.settings import ReplicatorSettings
from sync.store import Store
from sync.store.database import Database

ADMIN, PHONE = Principal("admin", admin=True), Principal("phone")
PASSWORD = "pass"
SCOPED = "areas"


class Gate:
    """``admin`` opens all, ``phone`` opens every ``area-…``; both with the same password."""

    def __init__(self) -> None:
        self.sessions: dict[str, Principal] = {}

    async def identify(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Principal | None:
        told = connection.headers.get("authorization", "")
        if told.startswith("Basic "):
            try:
                name, _, password = base64.b64decode(told[6:]).decode().partition(":")
            except ValueError as error:
                raise Unauthorized("Name or password is incorrect.") from error
            opened = await self.log_in(name, password, client="")
            if opened is None:
                raise Unauthorized("Name or password is incorrect.")
            return opened[0]
        return self.sessions.get(connection.cookies.get("AuthSession", ""))

    async def log_in(self, name: str, password: str, *, client: str) -> tuple[Principal, str] | None:
        del client
        known = {each.name: each for each in (ADMIN, PHONE)}
        if name not in known or password != PASSWORD:
            return None
        token = f"{name}-{len(self.sessions)}"
        self.sessions[token] = known[name]
        return known[name], token

    async def log_out(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        self.sessions.pop(connection.cookies.get("AuthSession", ""), None)

    async def open(self, principal: Principal | None, name: str) -> View:
        if principal is None:
            raise Unauthorized
        if name.startswith("area-"):
            return View(name, SCOPED, name.removeprefix("area-"))
        if not principal.admin:
            raise Forbidden("You are not allowed to access this db.")
        return View(name, name)


def app(place: Path | str, limits: Limits | None = None, settings: ReplicatorSettings | None = None) -> Litestar:
    database = Database(place if isinstance(place, str) else f"sqlite:///{place}/store.db")
    store = Store(database)
    database.write_now(store.create_tables_now)
    database.write_now(lambda connection: store.ensure_now(connection, SCOPED))

    async def close(_app: Litestar) -> None:
        database.close()

    gate = Gate()
    replicator = Replicator(store, gate, limits, settings)
    app = Litestar(
        [router(store, gate, limits, replicator=replicator)],
        lifespan=[] if settings is None else [replicator.lifespan],
        on_shutdown=[close],
        openapi_config=None,
    )
    app.state.store = store
    return app


@dataclass
class Running:
    """The server's root, and the store behind it."""

    url: str
    store: Store

    def client(self, name: str = "admin") -> httpx.Client:
        return httpx.Client(base_url=self.url, auth=(name, "pass"), timeout=30)


def listening(port: int = 0) -> socket.socket:
    listener = socket.create_server(("127.0.0.1", port))
    listener.set_inheritable(True)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does it for sockets of its own only
    return listener


def main(*, keep_alive: int = 75) -> None:
    place, port = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1]), int(sys.argv[2])
    limits, replicator = [*sys.argv[3:], "{}", "{}"][:2]
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # a batch makes many objects and no cycles: looking for them cost a third
    listener = listening(port)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        app(place, Limits(**json.loads(limits)), ReplicatorSettings(**json.loads(replicator))),
        log_level="warning",
        ws="none",  # as in the application
        timeout_graceful_shutdown=1,
        timeout_keep_alive=keep_alive,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
