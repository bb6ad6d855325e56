"""``_replicator`` documents: replications that outlive a restart, and in which their end is written.

As in CouchDB's scheduler, only ``completed`` and ``failed`` are written into a document; what happens in between is in
``_scheduler/docs``. A document that has one of them is left alone until somebody takes the ``_replication_…`` fields
out or replaces it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
import orjson
from sqlalchemy import Connection

from sync.access import Principal, View
from sync.documents import Draft
from sync.errors import DatabaseMissing, SyncError
from sync.jsontext import join, members, parse
from sync.replicator import request
from sync.replicator.errors import ReplicationError
from sync.replicator.job import Job, iso
from sync.store.values import PLAIN, Ask, Rejected

if TYPE_CHECKING:
    from sync.replicator.jobs import Replicator

DATABASE: Final = "_replicator"
VIEW: Final = View(DATABASE, DATABASE)
STATE: Final = "_replication_state"
FINAL: Final = frozenset({"completed", "failed"})
LOOK_SECONDS: Final = 50.0
ITSELF: Final = Principal("_replicator", admin=True, roles=("_admin",))

log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kept:
    """What runs for one document: the revision that asked for it, and its job."""

    rev: str
    job: Job


async def watch(replicator: "Replicator") -> None:
    """Follow the database: begin, replace and end replications as its documents say. Does not return."""
    kept: dict[str, _Kept] = {}
    since = 0
    while True:
        try:
            since = await _look(replicator, kept, since)
            await replicator.store.changed(DATABASE, None, since, LOOK_SECONDS)
        except DatabaseMissing:
            for id_ in list(kept):
                await _end(replicator, kept, id_)
            since = 0
            with contextlib.suppress(DatabaseMissing):  # made, and deleted again
                await replicator.store.changed(DATABASE, None, 0, LOOK_SECONDS)
        except Exception:
            log.exception("the _replicator database could not be followed")
            await asyncio.sleep(LOOK_SECONDS / 10)


async def _look(replicator: "Replicator", kept: dict[str, _Kept], since: int) -> int:
    store = replicator.store

    def read(connection: Connection) -> tuple[int, dict[str, Any]]:
        page = store.changes_now(connection, VIEW, Ask(since=since))
        return page.last_seq, store.get_many_now(connection, DATABASE, [change.id for change in page.changes])

    last, changed = await store.database.read(read)
    for id_, stored in changed.items():
        if id_ in kept and kept[id_].rev == stored.rev:
            continue
        await _end(replicator, kept, id_)
        if stored.deleted or id_.startswith("_design/") or stored.body.get(STATE) in FINAL:
            continue
        await _begin(replicator, kept, id_, stored.rev, stored.body)
    return last


async def _begin(replicator: "Replicator", kept: dict[str, _Kept], id_: str, rev: str, body: Mapping[str, Any]) -> None:
    try:
        replication = request.parse(body, replicator.settings.hosts)
    except SyncError as error:
        await _write(replicator, id_, rev, {STATE: "failed", "_replication_state_reason": error.reason})
        return
    job = await replicator.start(replication, _owner(body), document=(DATABASE, id_))
    if job.document != (DATABASE, id_):
        reason = f"Replication `{job.id}` is already running"
        await _write(replicator, id_, rev, {STATE: "failed", "_replication_state_reason": reason})
        return
    kept[id_] = _Kept(rev, job)
    replicator.keep(_close(replicator, kept, id_, job))


def _owner(body: Mapping[str, Any]) -> Principal:
    """Return who replicates: only administrators write here, and one may name the account to which areas open."""
    told = body.get("user_ctx")
    name = told.get("name") if isinstance(told, dict) else body.get("owner")
    return Principal(name, admin=True, roles=("_admin",)) if isinstance(name, str) and name else ITSELF


async def _close(replicator: "Replicator", kept: dict[str, _Kept], id_: str, job: Job) -> None:
    """Wait for the end of ``job`` and write it into its document."""
    await job.over.wait()
    mine = kept.get(id_)
    if mine is None or mine.job is not job:
        return
    del kept[id_]
    told = {"_replication_id": job.id}
    if job.state == "completed":
        await _write(replicator, id_, mine.rev, {**told, STATE: "completed", "_replication_stats": job.stats()})
    elif job.state == "failed" and job.error is not None:
        await _write(replicator, id_, mine.rev, {**told, STATE: "failed", **_reason(job.error)})


def _reason(error: ReplicationError) -> dict[str, Any]:
    return {"_replication_state_reason": error.reason}


async def _end(replicator: "Replicator", kept: dict[str, _Kept], id_: str) -> None:
    if (before := kept.pop(id_, None)) is not None:
        await replicator.cancel(before.job.id)


async def _write(replicator: "Replicator", id_: str, rev: str, told: Mapping[str, Any]) -> None:
    """Put ``told`` into the document, unless somebody has written it meanwhile: then theirs is what counts.

    What else is in it stays the text that it is. A document that cannot be written must not keep the others from going.
    """
    store = replicator.store

    def write(connection: Connection) -> None:
        shown = store.show_now(connection, VIEW, id_, None, PLAIN)
        if shown.rev != rev:
            return
        fields = {name: text for name, text in members(shown.text).items() if not name.startswith("_")}
        state = {**told, "_replication_state_time": iso(datetime.now(UTC))}
        body = join(fields | {name: msgspec.Raw(orjson.dumps(value)) for name, value in state.items()})
        draft = Draft(id_, rev, deleted=False, body=body, parsed=parse(body))
        outcome = store.write_now(connection, VIEW, ITSELF, [draft], new_edits=True)[0]
        if isinstance(outcome, Rejected):
            raise outcome.error

    try:
        await store.database.write(write)
    except SyncError as error:
        log.info("the state of a replication is not written into its document: %s", type(error).__name__)
