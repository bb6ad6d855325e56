"""Which resource answers which path: tables, and the few cases that do not fit them."""

from collections.abc import Mapping
from typing import Final, TypeVar

from sync.errors import MethodNotAllowed, NotFound, NotOffered
from sync.http import attachment, bulk, bulk_get, changes, database, document, listing, local, replicate, server
from sync.http.wire import Answer, Call, Handler, ViewHandler

H = TypeVar("H")

SERVER: Final[Mapping[str, Mapping[str, Handler]]] = {
    "": {"GET": server.welcome},
    "_up": {"GET": server.up},
    "_uuids": {"GET": server.uuids},
    "_all_dbs": {"GET": server.all_dbs},
    "_active_tasks": {"GET": replicate.tasks},
    "_replicate": {"POST": replicate.replicate},
    "_scheduler": {"GET": replicate.scheduler},
    "_session": {"GET": server.session, "POST": server.log_in, "DELETE": server.log_out},
}
OPEN: Final = frozenset({"", "_up", "_session"})
"""What nobody has to log in for."""
DEEPER: Final = frozenset({"_scheduler"})
"""What has something below it."""
DATABASE: Final[Mapping[str, Mapping[str, ViewHandler]]] = {
    "": {"GET": database.info, "PUT": database.create, "DELETE": database.delete, "POST": document.post},
    "_all_docs": {"GET": listing.get, "POST": listing.post},
    "_bulk_docs": {"POST": bulk.write},
    "_bulk_get": {"POST": bulk_get.post},
    "_changes": {"GET": changes.get, "POST": changes.post},
    "_compact": {"POST": database.compact},
    "_ensure_full_commit": {"POST": database.ensure_full_commit},
    "_local_docs": {"GET": local.listing},
    "_missing_revs": {"POST": bulk.missing_revs},
    "_revs_diff": {"POST": bulk.revs_diff},
    "_revs_limit": {"GET": database.revs_limit, "PUT": database.set_revs_limit},
    "_security": {"GET": database.security, "PUT": database.set_security},
}
LOCAL: Final[Mapping[str, ViewHandler]] = {"GET": local.get, "PUT": local.put, "DELETE": local.delete}
DOCUMENT: Final[Mapping[str, ViewHandler]] = {
    "GET": document.get,
    "PUT": document.put,
    "DELETE": document.delete,
}
ATTACHMENT: Final[Mapping[str, ViewHandler]] = {
    "GET": attachment.get,
    "PUT": attachment.put,
    "DELETE": attachment.delete,
}
NOT_OFFERED: Final[Mapping[str, str]] = {
    "_find": "queries are not offered here: use _all_docs or _changes",
    "_index": "queries are not offered here: use _all_docs or _changes",
    "_explain": "queries are not offered here: use _all_docs or _changes",
    "_purge": "documents are not purged: delete them",
    "_view_cleanup": "views are not executed here",
    "_design_docs": "use _all_docs with startkey and endkey",
    "_db_updates": "follow the _changes of each database",
    "_dbs_info": "ask each database by itself",
    "_node": "this server has no nodes: its settings are the application's",
    "_membership": "this server has no nodes",
    "_utils": "this server has no such pages",
}


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


def _resource(rest: list[str]) -> Mapping[str, ViewHandler]:
    head = rest[0] if rest else ""
    if len(rest) < 2 and head in DATABASE:  # noqa: PLR2004  nothing lies below these
        return DATABASE[head]
    if head == "_local":
        return LOCAL
    if head == "_design":
        return _design(rest[1:])
    if head in NOT_OFFERED:
        raise NotOffered(NOT_OFFERED[head])
    if head in DATABASE:
        raise NotFound
    return DOCUMENT if len(rest) == 1 else ATTACHMENT


def _design(rest: list[str]) -> Mapping[str, ViewHandler]:
    if len(rest) > 1 and rest[1].startswith("_"):
        raise NotOffered("design documents are stored and replicated, not executed: query with _all_docs or _changes")
    return DOCUMENT if len(rest) < 2 else ATTACHMENT  # noqa: PLR2004  below the name lie attachments


def _of(table: Mapping[str, H], call: Call) -> H:
    method = "GET" if call.method == "HEAD" else call.method
    if method not in table:
        raise MethodNotAllowed([*table, *(["HEAD"] if "GET" in table else [])])
    return table[method]
