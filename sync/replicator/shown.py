"""What CouchDB's interface shows of replications: ``_active_tasks``, ``_scheduler/jobs``, ``_scheduler/docs``."""

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection

from sync.access import Stored
from sync.errors import SyncError
from sync.replicator import request
from sync.replicator.documents import DATABASE, FINAL, STATE

if TYPE_CHECKING:
    from sync.replicator.jobs import Replicator

NODE: Final = "nonode@nohost"
"""What a CouchDB without a cluster calls itself."""


async def tasks(replicator: "Replicator") -> list[dict[str, Any]]:
    """Return the replications that run now as ``_active_tasks`` has them."""
    return [_task(job, replicator) for job in await replicator.jobs() if job["state"] == "running"]


def _task(job: dict[str, Any], replicator: "Replicator") -> dict[str, Any]:
    seconds = job["interval"] or replicator.settings.checkpoint_seconds
    return {
        "type": "replication",
        "node": NODE,
        "pid": f"<{job['id'][:8]}>",
        "process_status": "waiting" if job["waiting"] else "running",
        "replication_id": job["id"],
        "database": job["database"],
        "doc_id": job["doc_id"],
        "source": job["source"],
        "target": job["target"],
        "user": job["user"],
        "continuous": job["continuous"],
        "checkpoint_interval": int(seconds * 1000),
        "started_on": job["started_on"],
        "updated_on": job["updated_on"],
        **job["info"],
    }


async def jobs(replicator: "Replicator") -> list[dict[str, Any]]:
    """Return all replications as ``_scheduler/jobs`` has them."""
    return [
        {
            **{name: job[name] for name in ("id", "database", "doc_id", "source", "target", "user", "start_time")},
            "node": NODE,
            "pid": f"<{job['id'][:8]}>" if job["state"] == "running" else None,
            "info": job["info"],
            "history": job["history"],
        }
        for job in await replicator.jobs()
    ]


async def docs(replicator: "Replicator") -> list[dict[str, Any]]:
    """Return the ``_replicator`` documents, with what became of each, as ``_scheduler/docs`` has them."""
    store = replicator.store

    def read(connection: Connection) -> list[Stored]:
        if DATABASE not in store.names_now(connection):
            return []
        return [each for each in store.iterate_now(connection, DATABASE) if not each.deleted]

    running = {job["doc_id"]: job for job in await replicator.jobs() if job["database"] == DATABASE}
    stored = await store.database.read(read)
    return [_document(each, running.get(each.id)) for each in stored if not each.id.startswith("_design/")]


def _document(stored: Stored, job: dict[str, Any] | None) -> dict[str, Any]:
    body = stored.body
    told: dict[str, Any] = {"database": DATABASE, "doc_id": stored.id, "node": NODE}
    told |= {"source": _shown(body, "source"), "target": _shown(body, "target")}
    if body.get(STATE) in FINAL:
        info: Any = body.get("_replication_stats")
        if body[STATE] == "failed":
            info = {"error": body.get("_replication_state_reason")}
        at = body.get("_replication_state_time")
        id_ = body.get("_replication_id")
        return {
            **told,
            "id": id_,
            "state": body[STATE],
            "info": info,
            "error_count": 0,
            "last_updated": at,
            "start_time": at,
        }
    if job is None:
        return {**told, "id": None, "state": "initializing", "info": {}, "error_count": 0}
    names = ("id", "state", "info", "error_count", "last_updated", "start_time")
    return {**told, **{name: job[name] for name in names}}


def _shown(body: Any, which: str) -> str | None:
    try:
        return request.endpoint(body.get(which), which).shown
    except SyncError:
        return None
