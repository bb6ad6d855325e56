"""What administrators do to a database: purge, compact, limit what is remembered."""

import asyncio
import contextlib
import logging
import time
from typing import Any, Final

from sync import revisions
from sync.access import View
from sync.errors import BadRequest, DatabaseMissing, Forbidden, NotOffered
from sync.http import query
from sync.http.front import Front
from sync.http.wire import JSON, Answer, Call, json_answer
from sync.jsontext import parse

PURGED_IDS: Final = 100
PURGED_REVS: Final = 1000
"""Most documents and revisions in one ``_purge``, as in CouchDB."""
MOST: Final = (1 << 31) - 1
"""The highest of those limits that can be set: what both databases have room for."""
NODE: Final = "nonode@nohost"
"""What CouchDB calls a server that is alone."""

log: Final = logging.getLogger(__name__)


async def purge(call: Call, view: View) -> Answer:
    """``POST /{db}/_purge``: leaves go as if they had never been."""
    call.server_admin()
    whole(view)
    asked = await call.json_object()
    for revs in asked.values():
        for rev in query.texts(revs, "revisions"):
            revisions.check(rev)
    if len(asked) > PURGED_IDS:
        raise BadRequest("Exceeded maximum number of documents.")
    if sum(map(len, asked.values())) > PURGED_REVS:
        raise BadRequest("Exceeded maximum number of revisions.")
    store = call.front.store
    purged = await store.database.write(lambda c: store.purge_now(c, view, asked))
    return json_answer({"purge_seq": None, "purged": purged}, 201)


async def purged(call: Call, view: View) -> Answer:
    """``GET /{db}/_purged_infos``."""
    call.server_admin()
    store = call.front.store
    found = await store.database.read(lambda c: store.purged_now(c, view))
    return json_answer({"purged_infos": [{"id": id_, "revs": revs} for id_, revs in found]})


async def purged_limit(call: Call, view: View) -> Answer:
    """``GET /{db}/_purged_infos_limit``."""
    call.server_admin()
    store = call.front.store
    return json_answer(await store.database.read(lambda c: store.purged_limit_now(c, view)))


async def set_purged_limit(call: Call, view: View) -> Answer:
    """``PUT /{db}/_purged_infos_limit``."""
    call.server_admin()
    limit = parse(await call.body())
    if type(limit) is not int or not 1 <= limit <= MOST:
        raise BadRequest("`purge_infos_limit` must be positive integer")
    store = call.front.store
    await store.database.write(lambda c: store.set_purged_limit_now(c, view, limit))
    return json_answer({"ok": True})


async def compact(call: Call, view: View) -> Answer:
    """``POST /{db}/_compact``: begins to cut histories to ``_revs_limit``, and frees what nothing refers to."""
    call.server_admin()
    call.content_type(JSON)
    store = call.front.store
    await store.database.read(lambda c: store.info_now(c, view))
    whole(view)
    begin(call.front, view)
    return json_answer({"ok": True}, 202)


async def set_revs_limit(call: Call, view: View) -> Answer:
    """``PUT /{db}/_revs_limit``: holds for the next writes at once; what is there is cut meanwhile."""
    call.server_admin()
    whole(view)
    limit = parse(await call.body())
    if type(limit) is not int or not 1 <= limit <= MOST:
        raise BadRequest("`_revs_limit` must be a number above 0")
    store = call.front.store

    def write(connection: Any) -> bool:
        before = store.info_now(connection, view).revs_limit
        store.set_revs_limit_now(connection, view.database, limit)
        return limit < before

    if await store.database.write(write):
        begin(call.front, view)
    return json_answer({"ok": True})


async def compact_view(call: Call, view: View) -> Answer:  # noqa: ARG001  every resource is called alike
    """``POST /{db}/_compact/{design}`` and ``_view_cleanup``."""
    raise NotOffered("views are not executed here, so there is nothing to compact or clean up")


def whole(view: View) -> None:
    """Raise ``Forbidden`` for a view of a part."""
    if view.scope is not None:
        raise Forbidden("an area's database is a view: it is not created, deleted or set up by itself")


def begin(front: Front, view: View) -> None:
    """Begin to compact, unless that is under way."""
    if view.database in front.compactions:
        return

    async def run() -> None:
        try:
            with contextlib.suppress(DatabaseMissing):  # deleted meanwhile
                await front.store.compact(view)
        except Exception:  # nobody waits for this task: what went wrong is told to the operator
            log.exception("compacting a database failed")
        finally:
            del front.compactions[view.database]

    front.compactions[view.database] = (int(time.time()), asyncio.get_running_loop().create_task(run()))


def tasks(front: Front) -> list[dict[str, Any]]:
    """Return the compactions that run, as ``_active_tasks`` shows them."""
    kind = {"node": NODE, "type": "database_compaction"}
    return [
        {**kind, "database": name, "started_on": begun, "updated_on": begun}
        for name, (begun, _) in front.compactions.items()
    ]
