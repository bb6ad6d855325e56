"""Databases: create, look at, delete; their settings and duties."""

from typing import Any

import orjson

from sync.access import View
from sync.errors import BadRequest, DatabaseExists
from sync.http.document import located
from sync.http.upkeep import whole
from sync.http.wire import JSON, Answer, Call, json_answer


async def info(call: Call, view: View) -> Answer:
    """``GET /{db}``: replicators need ``update_seq`` and ``instance_start_time``."""
    return json_answer(await described(call, view))


async def described(call: Call, view: View) -> dict[str, Any]:
    """Return what is told of a database."""
    store = call.front.store
    told, sizes = await store.database.read(lambda c: (store.info_now(c, view), store.sizes_now(c, view)))
    return {
        "db_name": view.name,
        "doc_count": told.live,
        "doc_del_count": told.deleted,
        "update_seq": str(told.update_seq),
        "purge_seq": str(told.purge_seq),
        "compact_running": view.scope is None and view.database in call.front.compactions,
        "instance_start_time": "0",
        "disk_format_version": 8,
        "sizes": {"file": sizes.file, "external": sizes.active, "active": sizes.active},
        "props": {},
        "cluster": {"q": 1, "n": 1, "w": 1, "r": 1},
    }


async def create(call: Call, view: View) -> Answer:
    """``PUT /{db}``."""
    if view.scope is not None:
        raise DatabaseExists
    call.server_admin()
    store = call.front.store
    await store.database.write(lambda c: store.create_now(c, view.database))
    return json_answer({"ok": True}, 201, {"location": located(view)})


async def delete(call: Call, view: View) -> Answer:
    """``DELETE /{db}``."""
    call.server_admin()
    whole(view)
    if "rev" in call.query:
        raise BadRequest("You tried to DELETE a database with a ?=rev parameter. Did you mean to DELETE a document?")
    store = call.front.store
    await store.database.write(lambda c: store.delete_now(c, view.database))
    return json_answer({"ok": True})


async def security(call: Call, view: View) -> Answer:
    """``GET /{db}/_security``: kept for other tools; who may what is the application's to say."""
    call.server_admin()
    store = call.front.store
    text = await store.database.read(lambda c: store.security_now(c, view.database))
    return Answer(200, text.encode())


async def set_security(call: Call, view: View) -> Answer:
    """``PUT /{db}/_security``."""
    call.server_admin()
    whole(view)
    told = await call.json_object()
    store = call.front.store
    await store.database.write(lambda c: store.set_security_now(c, view.database, orjson.dumps(told).decode()))
    return json_answer({"ok": True})


async def revs_limit(call: Call, view: View) -> Answer:
    """``GET /{db}/_revs_limit``."""
    store = call.front.store
    told = await store.database.read(lambda c: store.info_now(c, view))
    return json_answer(told.revs_limit)


async def ensure_full_commit(call: Call, view: View) -> Answer:
    """``POST /{db}/_ensure_full_commit``: what was acknowledged is on disk already."""
    call.content_type(JSON)
    store = call.front.store
    await store.database.read(lambda c: store.info_now(c, view))
    return json_answer({"ok": True, "instance_start_time": "0"}, 201)
