"""Databases: create, look at, delete; their settings and duties."""

import orjson

from sync.access import View
from sync.errors import BadRequest, DatabaseExists, Forbidden
from sync.http.wire import Answer, Call, json_answer
from sync.jsontext import parse


async def info(call: Call, view: View) -> Answer:
    """``GET /{db}``: replicators need ``update_seq`` and ``instance_start_time``."""
    store = call.front.store
    told = await store.database.read(lambda c: store.info_now(c, view))
    sizes = {"file": 0, "external": 0, "active": 0}
    return json_answer(
        {
            "db_name": view.name,
            "doc_count": told.live,
            "doc_del_count": told.deleted,
            "update_seq": str(told.update_seq),
            "purge_seq": "0",
            "compact_running": False,
            "instance_start_time": "0",
            "disk_format_version": 8,
            "sizes": sizes,
            "props": {},
            "cluster": {"q": 1, "n": 1, "w": 1, "r": 1},
        }
    )


async def create(call: Call, view: View) -> Answer:
    """``PUT /{db}``."""
    if view.scope is not None:
        raise DatabaseExists
    call.server_admin()
    store = call.front.store
    await store.database.write(lambda c: store.create_now(c, view.database))
    return json_answer({"ok": True}, 201, {"location": f"/{view.name}"})


async def delete(call: Call, view: View) -> Answer:
    """``DELETE /{db}``."""
    call.server_admin()
    _whole(view)
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
    _whole(view)
    told = await call.json_object()
    store = call.front.store
    await store.database.write(lambda c: store.set_security_now(c, view.database, orjson.dumps(told).decode()))
    return json_answer({"ok": True})


async def revs_limit(call: Call, view: View) -> Answer:
    """``GET /{db}/_revs_limit``."""
    store = call.front.store
    told = await store.database.read(lambda c: store.info_now(c, view))
    return json_answer(told.revs_limit)


async def set_revs_limit(call: Call, view: View) -> Answer:
    """``PUT /{db}/_revs_limit``."""
    call.server_admin()
    _whole(view)
    limit = parse(await call.body())
    if type(limit) is not int or limit < 1:
        raise BadRequest("`_revs_limit` must be a number above 0")
    store = call.front.store
    await store.database.write(lambda c: store.set_revs_limit_now(c, view.database, limit))
    return json_answer({"ok": True})


async def ensure_full_commit(call: Call, view: View) -> Answer:
    """``POST /{db}/_ensure_full_commit``: what was acknowledged is on disk already."""
    store = call.front.store
    await store.database.read(lambda c: store.info_now(c, view))
    return json_answer({"ok": True, "instance_start_time": "0"}, 201)


async def compact(call: Call, view: View) -> Answer:
    """``POST /{db}/_compact``: nothing to do, the ancestors' bodies are kept on purpose."""
    call.server_admin()
    store = call.front.store
    await store.database.read(lambda c: store.info_now(c, view))
    return json_answer({"ok": True}, 202)


def _whole(view: View) -> None:
    if view.scope is not None:
        raise Forbidden("an area's database is a view: it is not created, deleted or set up by itself")
