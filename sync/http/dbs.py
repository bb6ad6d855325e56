"""All databases together: their names, their figures, and which of them changed. For administrators."""

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import orjson

from sync.access import View
from sync.errors import BadRequest, SyncError
from sync.http import database, listing, query
from sync.http.changes import patience
from sync.http.wire import JSON, Answer, Call, json_answer

MOST_INFOS: Final = 100
"""Databases in one ``POST /_dbs_info``."""
LOOK_SECONDS: Final = 1.0
"""How often a feed looks for databases that changed."""
States = dict[str, int]
"""Database → its last sequence: where a reader of ``_db_updates`` is. Its text is the ``seq``."""


async def all_dbs(call: Call) -> Answer:
    """``GET /_all_dbs``: of what is stored, so without the areas, which are views."""
    call.server_admin()
    store = call.front.store
    return json_answer(listing.names(call.query, await store.database.read(store.names_now)))


async def infos(call: Call) -> Answer:
    """``GET /_dbs_info``."""
    call.server_admin()
    store = call.front.store
    found = listing.names(call.query, await store.database.read(store.names_now))
    return json_answer([each for each in [await _info(call, name) for name in found] if "info" in each])


async def asked_infos(call: Call) -> Answer:
    """``POST /_dbs_info`` with ``keys``: the figures of some databases."""
    call.server_admin()
    told = await call.json_object()
    if "keys" not in told:
        raise BadRequest("`keys` member must exist.")
    keys = query.texts(told["keys"], "keys")
    if len(keys) > MOST_INFOS:
        raise BadRequest("too_many_keys")
    return json_answer([await _info(call, name) for name in keys])


async def _info(call: Call, name: str) -> dict[str, Any]:
    try:
        view: View = await call.front.gatekeeper.open(call.principal, name)
        return {"key": name, "info": await database.described(call, view)}
    except SyncError:
        return {"key": name, "error": "not_found"}


async def updates(call: Call) -> Answer:
    """``GET /_db_updates``: which databases were made, changed or deleted since, each once, in every kind of feed."""
    call.server_admin()
    feed = call.query.get("feed", "normal")
    since = call.query.get("since", "now" if feed == "continuous" else "0")
    known = await _states(call) if since == "now" else _parsed(since)
    limit = query.count(call.query, "limit")
    if feed == "normal":
        events, known = _events(known, await _states(call), limit)
        return Answer(200, _whole(events, known))
    if feed not in {"longpoll", "continuous", "eventsource"}:
        raise BadRequest("Supported `feed` types: normal, continuous, live, longpoll, eventsource")
    media_type = "text/event-stream" if feed == "eventsource" else JSON
    principal = call.server_admin()
    return Answer(
        200,
        _follow(call, feed, known, limit),
        {"x-accel-buffering": "no"},
        media_type,
        release=call.front.take_feed(principal.name),
    )


async def _follow(call: Call, feed: str, known: States, limit: int | None) -> AsyncGenerator[bytes, None]:
    allowed = patience(call, dict(call.query), feed)
    clock = asyncio.get_running_loop().time
    begun = quiet = beaten = clock()
    while True:
        events, known = _events(known, await _states(call), limit)
        now = clock()
        over = now >= min(quiet + allowed.idle, begun + allowed.total)
        if feed == "longpoll" and (events or over):
            yield _whole(events, known)
            return
        if events:
            quiet = now
            yield b"".join(_line(feed, event) for event in events)
            limit = None if limit is None else limit - len(events)
        if over or limit == 0:
            if feed == "continuous":
                yield orjson.dumps({"last_seq": _token(known)}) + b"\n"
            return
        if allowed.heartbeat is not None and now - beaten >= allowed.heartbeat:
            beaten = now
            yield b"event: heartbeat\ndata: \n\n" if feed == "eventsource" else b"\n"
        await asyncio.sleep(max(0.01, min(LOOK_SECONDS, quiet + allowed.idle - now)))


def _line(feed: str, event: Mapping[str, Any]) -> bytes:
    text = orjson.dumps(event)
    return b"data: %b\nid: %b\n\n" % (text, event["seq"].encode()) if feed == "eventsource" else text + b"\n"


def _whole(events: list[dict[str, Any]], known: States) -> bytes:
    return orjson.dumps({"results": events, "last_seq": _token(known)}) + b"\n"


async def _states(call: Call) -> States:
    store = call.front.store

    def read(connection: Any) -> States:
        return {name: store.info_now(connection, View(name, name)).update_seq for name in store.names_now(connection)}

    return await store.database.read(read)


def _events(known: States, now: States, limit: int | None) -> tuple[list[dict[str, Any]], States]:
    """Return what happened between two states, at most ``limit`` events, and the state after them."""
    found: list[dict[str, Any]] = []
    state = dict(known)
    for name in sorted(known.keys() | now.keys()):
        if known.get(name) == now.get(name):
            continue
        if limit is not None and len(found) >= limit:
            break
        kind = "deleted" if name not in now else "updated" if name in known or now[name] else "created"
        if name in now:
            state[name] = now[name]
        else:
            del state[name]
        found.append({"db_name": name, "type": kind, "seq": _token(state)})
    return found, state


def _token(state: States) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(state, option=orjson.OPT_SORT_KEYS)).decode()


def _parsed(token: str) -> States:
    if token in {"", "0"}:
        return {}
    try:
        state = orjson.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError) as error:
        raise BadRequest("Malformed sequence supplied in 'since' parameter.") from error
    if not isinstance(state, dict) or not all(type(seq) is int for seq in state.values()):
        raise BadRequest("Malformed sequence supplied in 'since' parameter.")
    return state
