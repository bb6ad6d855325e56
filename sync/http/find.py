"""``_find``, ``_explain`` and ``_index``: Mango."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from sync.access import Principal, View
from sync.errors import BadFind, Forbidden, NotFound, TooLarge, Unauthorized
from sync.http import query as parameters
from sync.http.wire import Answer, Call, ViewHandler, json_answer
from sync.mango import definitions, index, plan, query
from sync.mango.search import EXAMINED, Search
from sync.selector import shown, told

MOST: Final = "<MAX>"
"""What CouchDB shows for what is above all values."""
BODY: Final = 1024 * 1024
"""Bytes of a query or of an index's definition."""


async def find(call: Call, view: View) -> Answer:
    """``POST /{db}/_find``."""
    asked, chosen = await _planned(call, view)
    front = call.front
    turn = None if view.scope is None else front.scans
    return Answer(200, Search(front.store, front.indexes, view, asked, chosen, turn).answer())


async def explain(call: Call, view: View) -> Answer:
    """``POST /{db}/_explain``: what ``_find`` would do."""
    asked, chosen = await _planned(call, view)
    start, end = _range(chosen)
    if asked.descending:
        start, end = end, start
    order = {
        "include_docs": True,
        "view_type": "map",
        "reduce": False,
        "direction": "rev" if asked.descending else "fwd",
        "start_key": start,
        "end_key": end,
        "stable": asked.options["stable"],
        "update": asked.options["update"],
        "conflicts": asked.conflicts,
    }
    return json_answer(
        {
            "dbname": view.name,
            "index": chosen.index.shown(),
            "partitioned": False,
            "selector": shown(asked.selector),
            "opts": asked.options,
            "limit": asked.limit,
            "skip": asked.skip,
            "fields": list(asked.fields),
            "index_candidates": [_candidate(*each) for each in chosen.candidates],
            "selector_hints": [plan.hints(asked.selector)],
            "mrargs": order,
            "covering": False,
        }
    )


def _range(chosen: plan.Plan) -> tuple[Any, Any]:
    if chosen.index.special:
        low, high = chosen.span.low, chosen.span.high
        return "" if low is None else low, MOST if high is None else high
    return list(chosen.bounds.start), [*chosen.bounds.end, MOST]


def _candidate(other: index.Index, usable: bool, reason: str) -> dict[str, Any]:  # noqa: FBT001  a row of the plan's table
    analysis = {"usable": usable, "reasons": [{"name": reason}], "covering": None if other.special else False}
    return {"index": other.shown(), "analysis": analysis}


async def _planned(call: Call, view: View) -> tuple[query.Query, plan.Plan]:
    asked = query.asked(await call.json_object(BODY))
    store = call.front.store

    def read(connection: Connection) -> tuple[list[index.Index], int]:
        return definitions.indexes_now(store, connection, view), store.info_now(connection, view).live

    indexes, live = await store.database.read(read)
    chosen = plan.choose(asked, indexes)
    if view.scope is not None and not chosen.index.special and live > EXAMINED:
        raise TooLarge(f"more than {EXAMINED} documents are not put in order through an area: ask without a sort")
    return asked, chosen


async def indexes(call: Call, view: View) -> Answer:
    """``GET /{db}/_index``: in an area's view too those of the whole database."""
    store = call.front.store
    skip, limit = parameters.count(call.query, "skip", 0) or 0, parameters.count(call.query, "limit")
    if limit is not None and limit < 1:
        raise BadFind("invalid_list_index_params", "Index parameter ranges: limit > 1, skip > 0")
    known = await store.database.read(lambda c: definitions.indexes_now(store, c, view))
    picked = known[skip:] if limit is None else known[skip : skip + limit]
    return json_answer({"total_rows": len(known), "indexes": [each.shown() for each in picked]})


async def create(call: Call, view: View) -> Answer:
    """``POST /{db}/_index``."""
    principal = _keeper(call, view)
    wanted = index.asked(await call.json_object(BODY))
    store = call.front.store
    new = await store.database.write(lambda c: definitions.create_now(store, c, view, principal, wanted))
    return json_answer({"result": "created" if new else "exists", "id": wanted.design, "name": wanted.name})


async def delete(call: Call, view: View) -> Answer:
    """``DELETE /{db}/_index/{design document}/json/{name}``; the first with ``_design/`` or without."""
    principal = _keeper(call, view)
    *design, kind, name = call.segments[2:]
    if kind != "json":
        raise NotFound
    id_ = _design("/".join(design))
    store = call.front.store

    def remove(connection: Connection) -> None:
        definitions.remove_now(store, connection, view, principal, lambda each: (each.design, each.name) == (id_, name))

    await store.database.write(remove)
    await call.front.indexes.sweep(view)
    return json_answer({"ok": True})


async def bulk_delete(call: Call, view: View) -> Answer:
    """``POST /{db}/_index/_bulk_delete``: each design document by itself, the others go on."""
    principal = _keeper(call, view)
    body = await call.json_object(BODY)
    ids = body.get("docids")
    if not isinstance(ids, list) or not all(isinstance(id_, str) and id_ for id_ in ids):
        reason = f"Bulk Delete requires an array of non-null docids. Docids: {told(ids)}"
        raise BadFind("invalid_bulk_docs", reason)
    store = call.front.store
    success: list[dict[str, Any]] = []
    fail: list[dict[str, Any]] = []
    for id_ in map(_design, ids):

        def remove(connection: Connection, id_: str = id_) -> None:
            definitions.remove_now(store, connection, view, principal, lambda each: each.design == id_)

        try:
            await store.database.write(remove)
        except NotFound:
            fail.append({"id": id_, "error": "not_found"})
        else:
            success.append({"id": id_, "ok": True})
    await call.front.indexes.sweep(view)
    return json_answer({"success": success, "fail": fail})


def _design(name: str) -> str:
    return name if name.startswith(index.PREFIX) else index.PREFIX + name


def _keeper(call: Call, view: View) -> Principal:
    """Return who may define indexes: whoever writes to a database, of one that is seen by areas its administrators."""
    if call.principal is None:
        raise Unauthorized
    if view.scope is not None and not call.principal.admin:
        raise Forbidden("only administrators define the indexes of an area's database")
    return call.principal


FIND: Final[Mapping[str, ViewHandler]] = {"POST": find}
EXPLAIN: Final[Mapping[str, ViewHandler]] = {"POST": explain}
INDEX: Final[Mapping[str, ViewHandler]] = {"GET": indexes, "POST": create}
_ONE: Final[Mapping[str, ViewHandler]] = {"DELETE": delete}
_BULK: Final[Mapping[str, ViewHandler]] = {"POST": bulk_delete}


def below(rest: list[str]) -> Mapping[str, ViewHandler]:
    """Return what answers the path ``rest`` below ``_index``. Raises ``NotFound``."""
    if rest == ["_bulk_delete"]:
        return _BULK
    if len(rest) == 3 or (len(rest) == 4 and rest[0] == "_design"):  # noqa: PLR2004  design document, type, name
        return _ONE
    raise NotFound
