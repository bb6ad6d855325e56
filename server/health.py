"""Whether the server lives, and whether it can work."""

import shutil
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from sqlalchemy import Connection, delete
from sqlalchemy.exc import SQLAlchemyError

from server.accounts.policy import Who
from server.accounts.tables import session
from server.database.migrate import current, head
from server.rebuilding import unfinished
from server.settings import Settings
from sync.store.database import Database

LEAST_FREE: Final = 64 * 1024 * 1024
"""Bytes of free disk below which we say that we cannot work: a full disk refuses writes in mid-visit."""


@get("/healthz", opt={"who": Who.ANYONE}, include_in_schema=False)
async def healthz() -> dict[str, str]:
    """Answer: the process runs and its event loop turns."""
    return {"status": "ok"}


@get("/readyz", opt={"who": Who.ANYONE}, include_in_schema=False)
async def readyz(database: NamedDependency[Database], settings: NamedDependency[Settings]) -> Response[dict[str, Any]]:
    """Answer 200 when the database takes writes, its tables are current and the disk has room; else 503.

    ``rebuilt`` is false while a rebuild runs, and after one that was cut off: lists are there, some as they were.
    """
    checks = {"database": False, "migrations": False, "disk": _room(settings)}
    rebuilt = True
    try:
        checks["migrations"] = await database.write(_probe) == head()
        checks["database"] = True
        rebuilt = await database.read(unfinished) is None
    except SQLAlchemyError:
        pass  # that is the answer
    ready = all(checks.values())
    return Response({"ready": ready, "checks": checks, "rebuilt": rebuilt}, status_code=200 if ready else 503)


def _probe(connection: Connection) -> str | None:
    """Take the write lock with a write that changes nothing; return the revision of the tables."""
    connection.execute(delete(session).where(session.c.token_hash == ""))
    return current(connection)


def _room(settings: Settings) -> bool:
    try:
        return shutil.disk_usage(settings.data).free >= LEAST_FREE
    except OSError:
        return False
