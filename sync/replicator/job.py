"""What is known of one replication while it runs, and how CouchDB's interface shows it."""

import asyncio
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from sync.access import Principal
from sync.replicator.errors import PeerDenied, PeerMissing, ReplicationError, Trouble
from sync.replicator.request import Replication
from sync.replicator.run import Progress

HISTORY: Final = 20
"""Events of a job that are shown."""


def iso(moment: datetime) -> str:
    """Return a moment as the scheduler's lists have it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class Job:
    """One replication. ``state`` is the CouchDB scheduler's: pending, running, crashing, completed, failed."""

    def __init__(
        self,
        id_: str,
        base_id: str,
        replication: Replication,
        principal: Principal,
        document: tuple[str, str] | None,
    ) -> None:
        self.id: Final = id_
        self.base_id: Final = base_id
        self.replication: Final = replication
        self.principal: Final = principal
        self.document: Final = document
        self.state = "pending"
        self.progress = Progress()
        self.failures = 0
        self.retry_after = 0.0
        self.result: tuple[dict[str, Any], bool] | None = None
        self.error: ReplicationError | None = None
        self.running: asyncio.Task[tuple[dict[str, Any], bool]] | None = None
        self.lost = False
        """Whether another process holds the lease."""
        self.over: Final = asyncio.Event()
        """Set when it is completed, failed or cancelled."""
        self._begun: Final = datetime.now(UTC)
        self._updated = self._begun
        self._history: Final[deque[dict[str, str]]] = deque(maxlen=HISTORY)
        self._event("added")

    # -- what happens to it ------------------------------------------------------------------------------------------

    def note(self, state: str) -> None:
        """Take on a state."""
        self.state, self._updated = state, datetime.now(UTC)

    def started(self) -> None:
        """Run, from the checkpoint: what was counted before is in the counts of the log."""
        self.note("running")
        self.lost = False
        self.progress = Progress()
        self._event("started")

    def wait_for_lease(self) -> None:
        """Leave it to the process that has the lease, until that one ends."""
        self.note("pending")

    def lose(self) -> None:
        """Stop, for another process runs it now; it may come back."""
        self.lost = True
        if self.running is not None:
            self.running.cancel()

    def crashed(self, error: ReplicationError) -> None:
        """Fail for now."""
        self.note("crashing")
        self.failures += 1
        self.retry_after = error.retry_after if isinstance(error, Trouble) else 0.0
        self.error = error
        self._event("crashed", error.reason)

    def failed(self, error: ReplicationError) -> None:
        """Fail for good."""
        self.note("failed")
        self.error = error
        self.over.set()

    def completed(self, log: dict[str, Any], did: bool) -> None:  # noqa: FBT001  as a run tells it
        """Be done."""
        self.note("completed")
        self.error = None
        self.result = log, did
        self.over.set()

    def cancelled(self) -> None:
        """Be ended from outside."""
        if not self.over.is_set():
            self.note("cancelled")
            self.over.set()

    def _event(self, kind: str, reason: str | None = None) -> None:
        event = {"timestamp": iso(datetime.now(UTC)), "type": kind}
        self._history.appendleft(event if reason is None else {**event, "reason": reason})

    # -- what is shown of it -----------------------------------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        """Return the ``info`` of the scheduler's lists."""
        progress = self.progress
        if self.state == "crashing" and self.error is not None:
            return {"error": self.error.reason}
        counts = progress.counts
        return {
            "revisions_checked": counts.missing_checked,
            "missing_revisions_found": counts.missing_found,
            "docs_read": counts.docs_read,
            "docs_written": counts.docs_written,
            "doc_write_failures": counts.doc_write_failures,
            "bulk_get_docs": counts.bulk_get_docs,
            "bulk_get_attempts": counts.bulk_get_attempts,
            "changes_pending": progress.pending,
            "source_seq": progress.source_seq,
            "through_seq": progress.through_seq,
            "checkpointed_source_seq": progress.checkpointed_seq,
        }

    def stats(self) -> dict[str, Any]:
        """Return the ``_replication_stats`` of a document whose replication is completed."""
        counts = asdict(self.progress.counts)
        return {
            "missing_revisions_found": counts.pop("missing_found"),
            "revisions_checked": counts.pop("missing_checked"),
            **counts,
            "changes_pending": self.progress.pending,
            "checkpointed_source_seq": self.progress.checkpointed_seq,
            "start_time": iso(self._begun),
        }

    def told(self) -> dict[str, Any]:
        """Return all that the lists need, without any credentials: other processes read it too."""
        database, doc_id = self.document or (None, None)
        return {
            "id": self.id,
            "database": database,
            "doc_id": doc_id,
            "source": self.replication.source.shown,
            "target": self.replication.target.shown,
            "user": self.principal.name or None,
            "continuous": self.replication.continuous,
            "interval": self.replication.checkpoint_interval,
            "state": self.state,
            "info": self.info(),
            "error_count": self.failures,
            "start_time": iso(self._begun),
            "started_on": int(self._begun.timestamp()),
            "last_updated": iso(max(self._updated, self.progress.updated)),
            "updated_on": int(max(self._updated, self.progress.updated).timestamp()),
            "waiting": self.progress.waiting,
            "history": list(self._history),
        }


def word_of(error: ReplicationError) -> tuple[int, str]:
    """Return the status and CouchDB's word for a replication that failed."""
    if isinstance(error, PeerMissing):
        return 404, "db_not_found"
    if isinstance(error, PeerDenied):
        return error.status, "unauthorized" if error.status == 401 else "forbidden"  # noqa: PLR2004
    return 500, "replication_error"
