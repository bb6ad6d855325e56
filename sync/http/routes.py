"""Which resource answers which path: tables, and the few cases that do not fit them."""

from collections.abc import Mapping
from typing import Final, TypeVar

from sync.errors import BadRequest, MethodNotAllowed, NotFound, NotOffered
from sync.http import (
    attachment,
    bulk,
    bulk_get,
    changes,
    copy,
    database,
    dbs,
    digest,
    document,
    find,
    listing,
    local,
    replicate,
    server,
    upkeep,
)
from sync.http.wire import Answer, Call, Handler, ViewHandler

H = TypeVar("H")

SERVER: Final[Mapping[str, Mapping[str, Handler]]] = {
    "": {"GET": server.welcome},
    "_up": {"GET": server.up},
    "_uuids": {"GET": server.uuids},
    "_all_dbs": {"GET": dbs.all_dbs},
    "_active_tasks": {"GET": server.tasks},
    "_db_updates": {"GET": dbs.updates},
    "_dbs_info": {"GET": dbs.infos, "POST": dbs.asked_infos},
    "_membership": {"GET": server.membership},
    "_replicate": {"POST": replicate.replicate},
    "_scheduler": {"GET": replicate.scheduler},
    "_session": {"GET": server.session, "POST": server.log_in, "DELETE": server.log_out},
}
OPEN: Final = frozenset({"", "_up", "_session"})
"""What nobody has to log in for."""
DEEPER: Final = frozenset({"_scheduler"})
"""What has something below it."""
DATABASE: Final[Mapping[str, Mapping[str, ViewHandler]]] = {
    "": {"DELETE": database.delete, "GET": database.info, "POST": document.post, "PUT": database.create},
    "_all_docs": {"GET": listing.get, "POST": listing.post},
    "_bulk_docs": {"POST": bulk.write},
    "_bulk_get": {"POST": bulk_get.post},
    "_changes": {"GET": changes.get, "POST": changes.post},
    "_compact": {"POST": upkeep.compact},
    "_digest": {"GET": digest.get, "POST": digest.post},
    "_design_docs": {"GET": listing.get, "POST": listing.post},
    "_ensure_full_commit": {"POST": database.ensure_full_commit},
    "_explain": find.EXPLAIN,
    "_find": find.FIND,
    "_index": find.INDEX,
    "_local_docs": {"GET": listing.get, "POST": listing.post},
    "_missing_revs": {"POST": bulk.missing_revs},
    "_purge": {"POST": upkeep.purge},
    "_purged_infos": {"GET": upkeep.purged},
    "_purged_infos_limit": {"PUT": upkeep.set_purged_limit, "GET": upkeep.purged_limit},
    "_revs_diff": {"POST": bulk.revs_diff},
    "_revs_limit": {"PUT": upkeep.set_revs_limit, "GET": database.revs_limit},
    "_security": {"PUT": database.set_security, "GET": database.security},
    "_view_cleanup": {"POST": upkeep.compact_view},
}
LOCAL: Final[Mapping[str, ViewHandler]] = {
    "GET": local.get,
    "PUT": local.put,
    "DELETE": local.delete,
    "COPY": copy.copy,
}
BELOW: Final[Mapping[tuple[str, str], Mapping[str, ViewHandler]]] = {
    **{(kind, "queries"): {"POST": listing.queries} for kind in listing.KINDS},
}
"""What lies below a resource of a database."""
DOCUMENT: Final[Mapping[str, ViewHandler]] = {
    "DELETE": document.delete,
    "GET": document.get,
    "POST": document.form,
    "PUT": document.put,
    "COPY": copy.copy,
}
ATTACHMENT: Final[Mapping[str, ViewHandler]] = {
    "DELETE": attachment.delete,
    "GET": attachment.get,
    "PUT": attachment.put,
}
NOT_OFFERED: Final[Mapping[str, str]] = {
    "_node": "this server has no nodes: its settings are the application's",
    "_utils": "this server has no such pages: use the application's",
    "_cluster_setup": "this server has no nodes: its settings are the application's",
    "_reshard": "databases have no shards here",
    "_shards": "databases have no shards here",
    "_sync_shards": "databases have no shards here",
    "_partition": "databases are not partitioned here: use _all_docs with startkey and endkey",
    "_temp_view": "views are not executed here: query with _find or _all_docs",
    "_search_analyze": "there is no full text search here",
    "_nouveau_analyze": "there is no full text search here",
    "_search_cleanup": "there is no full text search here",
    "_nouveau_cleanup": "there is no full text search here",
    "_auto_purge": "nothing is purged by itself: use _purge",
}
EXECUTED: Final[Mapping[str, str]] = {
    name: f"design documents are stored and replicated, not executed: {instead}"
    for name, instead in {
        "_view": "query with _find or _all_docs",
        "_info": "there is no index to tell of",
        "_show": "read the document and show it at your side",
        "_list": "query with _find or _all_docs and show it at your side",
        "_update": "read the document, change it and PUT it",
        "_rewrite": "ask for the resource itself",
        "_search": "query with _find",
        "_search_info": "there is no full text search here",
        "_nouveau": "query with _find",
        "_nouveau_info": "there is no full text search here",
    }.items()
}
"""What CouchDB runs of a design document."""


async def answer(call: Call) -> Answer:
    """Return the answer of the resource that the path names. Raises :class:`sync.errors.SyncError`."""
    head = call.segments[0] if call.segments else ""
    if head in SERVER and (len(call.segments) < 2 or head in DEEPER):  # noqa: PLR2004  nothing lies below
        if head not in OPEN or head == "_session":
            call.principal = await call.front.gatekeeper.identify(call.connection)
        if head not in OPEN and call.principal is None:
            await call.front.gatekeeper.open(None, head)
        return await _of(SERVER[head], call)(call)
    if head in NOT_OFFERED:
        raise NotOffered(NOT_OFFERED[head])
    call.principal = await call.front.gatekeeper.identify(call.connection)
    view = await call.front.gatekeeper.open(call.principal, head)
    return await _of(_resource(call.segments[1:]), call)(call, view)


def _resource(rest: list[str]) -> Mapping[str, ViewHandler]:  # noqa: PLR0911  the cases that fit no table
    head = rest[0] if rest else ""
    if len(rest) < 2 and head in DATABASE:  # noqa: PLR2004  nothing lies below these
        return DATABASE[head]
    if tuple(rest) in BELOW:
        return BELOW[rest[0], rest[1]]
    if head == "_local":
        return _local(rest[1:])
    if head == "_design":
        return _design(rest[1:])
    if head == "_index":
        return find.below(rest[1:])
    if head in NOT_OFFERED:
        raise NotOffered(NOT_OFFERED[head])
    if head == "_compact":
        return {"POST": upkeep.compact_view}
    if head in DATABASE:
        raise NotFound
    return DOCUMENT if len(rest) == 1 else ATTACHMENT


def _local(rest: list[str]) -> Mapping[str, ViewHandler]:
    if not rest or not rest[0]:
        raise BadRequest("Invalid _local document id.")
    if len(rest) > 1:
        raise BadRequest("_local documents do not accept attachments.")
    return LOCAL


def _design(rest: list[str]) -> Mapping[str, ViewHandler]:
    if len(rest) > 1 and rest[1] in EXECUTED:
        raise NotOffered(EXECUTED[rest[1]])
    return DOCUMENT if len(rest) < 2 else ATTACHMENT  # noqa: PLR2004  below the name lie attachments


def _of(table: Mapping[str, H], call: Call) -> H:
    method = "GET" if call.method == "HEAD" else call.method
    if method not in table:
        raise MethodNotAllowed([each for name in table for each in ([name, "HEAD"] if name == "GET" else [name])])
    return table[method]
