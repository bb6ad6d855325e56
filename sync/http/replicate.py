"""``_replicate``, and what is shown of replications. For administrators only: a replication reads and writes all."""

from typing import TYPE_CHECKING, Any

from sync.errors import NotFound, NotOffered
from sync.http import query
from sync.http.wire import Answer, Call, json_answer
from sync.replicator import request, shown
from sync.replicator.job import word_of

if TYPE_CHECKING:
    from sync.replicator.jobs import Replicator


async def replicate(call: Call) -> Answer:
    """``POST /_replicate``: answers when the replication is done; at once for a continuous one."""
    principal, replicator = call.server_admin(), _replicator(call)
    told = await call.json_object()
    if told.get("cancel") is True:
        return await _cancel(replicator, told)
    asked = request.parse(told, replicator.settings.hosts)
    job = await replicator.start(asked, principal)
    if asked.continuous:
        return json_answer({"ok": True, "_local_id": job.id}, 202)
    await job.over.wait()
    if job.result is not None:
        log, did = job.result
        told = {name: value for name, value in log.items() if not name.startswith("_")}
        return json_answer({"ok": True, **({} if did else {"no_changes": True}), **told})
    if job.error is None:
        return json_answer({"error": "cancelled", "reason": "the replication was cancelled"}, 500)
    status, word = word_of(job.error)
    return json_answer({"error": word, "reason": job.error.reason}, status)


async def _cancel(replicator: "Replicator", told: dict[str, Any]) -> Answer:

    id_ = told.get("replication_id") or told.get("_local_id") or told.get("id")
    if not isinstance(id_, str):
        id_ = request.parse(told).id(await replicator.store.uuid())
    if not await replicator.cancel(id_):
        raise NotFound("no such replication")
    return json_answer({"ok": True, "_local_id": id_})


async def tasks(call: Call) -> Answer:
    """``GET /_active_tasks``."""
    call.server_admin()
    replicator = call.front.replicator
    return json_answer([] if replicator is None else await shown.tasks(replicator))


async def scheduler(call: Call) -> Answer:
    """``GET /_scheduler/jobs[/{id}]`` and ``GET /_scheduler/docs[/_replicator[/{id}]]``."""
    call.server_admin()
    replicator = _replicator(call)
    kind, *rest = call.segments[1:] or [""]
    if kind == "jobs":
        found = await shown.jobs(replicator)
        return _one(found, "id", "/".join(rest)) if rest else _listed(call, "jobs", found)
    if kind != "docs":
        raise NotFound
    found = await shown.docs(replicator)
    if rest and rest[0] != "_replicator":
        raise NotFound
    return _one(found, "doc_id", "/".join(rest[1:])) if len(rest) > 1 else _listed(call, "docs", found)


def _listed(call: Call, name: str, found: list[dict[str, Any]]) -> Answer:
    skip, limit = query.count(call.query, "skip", 0) or 0, query.count(call.query, "limit")
    picked = found[skip:] if limit is None else found[skip : skip + limit]
    return json_answer({"total_rows": len(found), "offset": skip, name: picked})


def _one(found: list[dict[str, Any]], key: str, value: str) -> Answer:
    for each in found:
        if each[key] == value:
            return json_answer(each)
    raise NotFound


def _replicator(call: Call) -> "Replicator":
    if call.front.replicator is None:
        raise NotOffered("this server does not replicate by itself: let the client pull and push")
    return call.front.replicator
