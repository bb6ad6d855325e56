"""One replication from its checkpoint to the end of the source's feed, or on and on.

Pages of the feed are read ahead while earlier ones are on their way, several at a time. They are counted as done in
the feed's order only, and a checkpoint tells of nothing that the target has not acknowledged.
"""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sync.replicator import checkpoint
from sync.replicator.answers import Page
from sync.replicator.batch import Aim, Attach, Batch, Diff, Fetch, Store
from sync.replicator.checkpoint import Counts, Session
from sync.replicator.document import Document
from sync.replicator.errors import PeerRefused, ReplicationError, Trouble
from sync.replicator.peer import Peer
from sync.replicator.request import Replication

AT_ONCE: Final = 4
"""Pages that are on their way at the same time."""
BIG: Final = 1024 * 1024
"""Bytes of a document with its attachments from which it travels alone, its attachments streamed."""
DOUBTED: Final = 3
"""Times that one document is sent before an answer that it is wrong is believed: a cut request looks like that too."""


@dataclass(slots=True)
class Progress:
    """How far a replication has come; others look at it while it runs."""

    counts: Counts = field(default_factory=Counts)
    source_seq: Any = 0
    through_seq: Any = 0
    checkpointed_seq: Any = 0
    pending: int | None = None
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))
    waiting: bool = False
    """Whether it has caught up and waits for the source."""


class Run:
    """Replicates once. ``base_id`` names the checkpoints; ``interval`` is in seconds."""

    def __init__(
        self,
        replication: Replication,
        source: Peer,
        target: Peer,
        base_id: str,
        progress: Progress,
        interval: float,
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        self._asked: Final = replication
        self._source: Final = source
        self._target: Final = target
        self._id: Final = base_id
        self._progress: Final = progress
        self._interval: Final = replication.checkpoint_interval or interval
        self._moved: Final = moved
        self._aim: Final = Aim(replication.batch_size)
        self._logs: list[dict[str, Any]] = [{}, {}]
        self._born: Any = None

    async def go(self) -> tuple[dict[str, Any], bool]:
        """Replicate; return the log, and whether there was anything to do. A continuous one does not return.

        Raises :class:`ReplicationError`.
        """
        if self._asked.create_target:
            await self._target.create()
        told = await self._source.info()
        self._born = (await self._target.info()).instance_start_time
        since = await self._start()
        progress = self._progress
        progress.source_seq = told.update_seq
        progress.through_seq = progress.checkpointed_seq = since
        session = Session(secrets.token_hex(16), datetime.now(UTC), since)
        await self._flow(session, since)
        done = progress.counts.missing_checked > 0 or progress.checkpointed_seq != since
        if not self._asked.use_checkpoints:
            return checkpoint.record({}, session, progress.through_seq, progress.counts, datetime.now(UTC)), done
        return self._logs[1], done

    async def _start(self) -> Any:
        if not self._asked.use_checkpoints:
            return self._asked.since_seq or 0
        self._logs = [await self._source.log(self._id), await self._target.log(self._id)]
        return self._asked.since_seq or checkpoint.common(*self._logs)

    async def _flow(self, session: Session, since: Any) -> None:
        clock = asyncio.get_running_loop().time
        under_way: deque[tuple[Page, asyncio.Task[Counts]]] = deque()
        reading: asyncio.Task[Page] | None = asyncio.create_task(self._read(since, wait=False))
        saved = clock()
        try:
            while reading is not None or under_way:
                dirty = self._progress.through_seq != self._progress.checkpointed_seq
                waited: set[asyncio.Task[Any]] = {task for _, task in list(under_way)[:1]}
                if reading is not None and len(under_way) < AT_ONCE:
                    waited.add(reading)
                left = max(0.0, saved + self._interval - clock()) if dirty else None
                await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                while under_way and under_way[0][1].done():
                    page, task = under_way.popleft()
                    self._done(page, task.result())
                if reading is not None and reading.done() and len(under_way) < AT_ONCE:
                    page = reading.result()
                    under_way.append((page, asyncio.create_task(self._carry(page))))
                    reading = self._next(page)
                if dirty and clock() >= saved + self._interval:
                    await self._save(session)
                    saved = clock()
            if self._progress.through_seq != self._progress.checkpointed_seq:
                await self._save(session)
        finally:
            await _stop([task for _, task in under_way] + ([reading] if reading is not None else []))

    def _next(self, page: Page) -> "asyncio.Task[Page] | None":
        caught_up = page.pending == 0 or len(page.results) < self._asked.batch_size
        self._progress.pending = page.pending if page.pending is not None else None
        self._progress.waiting = caught_up
        if caught_up and not self._asked.continuous:
            return None
        return asyncio.create_task(self._read(page.last_seq, wait=caught_up))

    async def _read(self, since: Any, *, wait: bool) -> Page:
        return await self._source.changes(self._asked, since, limit=self._asked.batch_size, wait=wait)

    def _done(self, page: Page, counts: Counts) -> None:
        progress = self._progress
        progress.counts.add(counts)
        progress.through_seq = page.last_seq
        if page.results:
            progress.source_seq = page.last_seq
        progress.updated = datetime.now(UTC)
        self._moved()

    async def _save(self, session: Session) -> None:
        """Record how far everything is acknowledged: at the target first, for it is the one that may have lost some."""
        seq, now = self._progress.through_seq, datetime.now(UTC)
        if self._asked.use_checkpoints:
            await self._target.commit()
            if (await self._target.info()).instance_start_time != self._born:
                raise Trouble("the target was made anew meanwhile")
            for n, peer in ((1, self._target), (0, self._source)):
                new = checkpoint.record(self._logs[n], session, seq, self._progress.counts, now)
                rev = await peer.save_log(self._id, new, self._logs[n].get("_rev"))
                self._logs[n] = {**new, "_rev": rev}
        self._progress.checkpointed_seq = seq
        self._moved()

    # -- one page ----------------------------------------------------------------------------------------------------

    async def _carry(self, page: Page) -> Counts:
        batch = Batch(page.results, self._aim, big=BIG)
        try:
            while (step := batch.next()) is not None:
                match step:
                    case Diff(revs):
                        batch.diffed(await self._target.diff(revs))
                    case Fetch(asked):
                        batch.fetched(asked, *await self._source.fetch(asked))
                    case Attach(document):
                        await self._attach(document)
                    case Store(documents):
                        await self._store(batch, list(documents))
        finally:
            batch.close()
        return batch.counts

    async def _attach(self, document: Document) -> None:
        for name in document.absent():
            stub = document.head.attachments[name]
            document.blobs[name] = await self._source.attachment(document.id, document.rev, name, stub)

    async def _store(self, batch: Batch, documents: list[Document]) -> None:
        error: ReplicationError | None = None
        for _ in range(DOUBTED):
            try:
                batch.stored(documents, await self._target.store(documents, big=BIG))
            except PeerRefused as refused:
                error = refused
                if len(documents) == 1 and refused.error == "bad_request":
                    continue
            else:
                return
            break
        if not isinstance(error, PeerRefused):
            raise Trouble("the target refuses without a reason") from error
        if error.status == 412:  # noqa: PLR2004
            batch.stub_missing(documents)
        elif error.status in {400, 413, 415}:
            if len(documents) == 1 and "json" in error.reason.lower():
                raise Trouble(f"the target could not read a document: {error.reason}") from error
            batch.not_taken(documents)
        else:
            raise error


async def _stop(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
