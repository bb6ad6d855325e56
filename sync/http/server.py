"""The server itself: who it is, who you are, which databases there are."""

import secrets
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final
from urllib.parse import parse_qsl

from sync.errors import BadContentType, BadQuery, BadRequest, Unauthorized
from sync.http import query, upkeep
from sync.http.wire import JSON, Answer, Call, json_answer
from sync.replicator import shown

COOKIE: Final = "AuthSession"
COUCHDB: Final = "3.5.0"
"""The version whose interface this server keeps to: clients decide by it what they may ask for."""


def _version() -> str:
    try:
        return version("baijiamen")
    except PackageNotFoundError:
        return "0"


async def welcome(call: Call) -> Answer:
    """``GET /``: clients take ``uuid`` into the names of their checkpoints."""
    uuid = await call.front.store.uuid()
    vendor = {"name": "百家门", "version": _version()}
    features = ["attachments", "bulk_get", "changes", "local"]
    return json_answer({"couchdb": "Welcome", "version": COUCHDB, "uuid": uuid, "features": features, "vendor": vendor})


async def up(call: Call) -> Answer:  # noqa: ARG001  every resource is called alike
    """``GET /_up``."""
    return json_answer({"status": "ok", "seeds": {}})


async def uuids(call: Call) -> Answer:
    """``GET /_uuids?count=``."""
    count = query.count(call.query, "count", 1) or 0
    if count > call.front.limits.uuids:
        raise BadRequest("count parameter too large")
    return json_answer({"uuids": [secrets.token_hex(16) for _ in range(count)]}, headers={"cache-control": "no-store"})


async def tasks(call: Call) -> Answer:
    """``GET /_active_tasks``: replications, compactions, and indexes on their way."""
    call.server_admin()
    replicator = call.front.replicator
    running = [] if replicator is None else await shown.tasks(replicator)
    return json_answer(running + call.front.indexes.tasks() + upkeep.tasks(call.front))


async def membership(call: Call) -> Answer:
    """``GET /_membership``: this server alone."""
    call.server_admin()
    return json_answer({"all_nodes": [upkeep.NODE], "cluster_nodes": [upkeep.NODE]})


async def session(call: Call) -> Answer:
    """``GET /_session``: who the server takes you for."""
    principal = call.principal
    context: dict[str, Any] = {"name": None, "roles": []}
    info: dict[str, Any] = {"authentication_handlers": ["cookie", "default"]}
    if principal is not None:
        context = {"name": principal.name, "roles": list(principal.roles or (["_admin"] if principal.admin else []))}
        info["authenticated"] = "default" if "authorization" in call.headers else "cookie"
    return json_answer({"ok": True, "userCtx": context, "info": info}, headers={"cache-control": "no-store"})


async def log_in(call: Call) -> Answer:
    """``POST /_session`` with ``name`` and ``password``, as JSON or as a form."""
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    limit = call.front.limits.form
    if content_type == JSON:
        told = await call.json_object(limit)
    elif content_type == "application/x-www-form-urlencoded":
        told = dict(parse_qsl((await call.body(limit)).decode("utf-8", "replace")))
    else:
        raise BadContentType("Content-Type must be application/x-www-form-urlencoded or application/json")
    name, password = told.get("name", told.get("username")), told.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        raise BadQuery("request body must contain a username and a password")
    client = call.connection.client.host if call.connection.client else ""
    opened = await call.front.gatekeeper.log_in(name, password, client=client)
    if opened is None:
        raise Unauthorized("Name or password is incorrect.")
    principal, token = opened
    told = {"ok": True, "name": principal.name, "roles": list(principal.roles)}
    return json_answer(told, headers={"set-cookie": _cookie(call, token), "cache-control": "no-store"})


async def log_out(call: Call) -> Answer:
    """``DELETE /_session``."""
    await call.front.gatekeeper.log_out(call.connection)
    return json_answer({"ok": True}, headers={"set-cookie": _cookie(call, "") + "; Max-Age=0"})


def _cookie(call: Call, token: str) -> str:
    secure = "; Secure" if call.connection.scope["scheme"] == "https" else ""
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}"
