"""One SQL database: many readers beside one writer, and writes that are on disk before they are acknowledged.

Everything that touches SQL, in ``sync`` and in ``server``, is a plain function of a SQLAlchemy ``Connection``, run
by :meth:`Database.read` or :meth:`Database.write`. A request is one such call, hence one transaction; repositories
and services never commit.

The writer is a thread of its own. Jobs that wait together share one transaction and one flush to disk (group commit),
each inside a savepoint, so that one that fails undoes only itself. A write transaction has the database to itself, on
PostgreSQL too, where several processes write: what a job reads stays as it is until the job's own writes are stored.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url

from sync.store.backend import BUSY_SECONDS, Backend, Ears, TransactionLost, backend

__all__ = ["BUSY_SECONDS", "Database", "TransactionLost", "after_commit"]

T = TypeVar("T")
Job = Callable[[Connection], T]

GROUP: Final = 64
"""Most jobs that share one commit."""

log: Final = logging.getLogger(__name__)

_AFTER_COMMIT: Final = "baijiamen.after_commit"


def after_commit(connection: Connection, callback: Callable[[], None]) -> None:
    """Have ``callback`` run in the writer's thread once what this job wrote is on disk; never, if it is undone."""
    connection.info.setdefault(_AFTER_COMMIT, []).append(callback)


@dataclass(slots=True)
class _Queued:
    job: Job[Any]
    done: Future[Any] = field(default_factory=Future)


class Database:
    """The database at ``url``, opened by the constructor and closed by :meth:`close`.

    ``url`` is ``sqlite:////absolute/path.db`` or ``postgresql+psycopg://user:password@host/name``. ``readers`` bounds
    the read transactions that run at the same time; more wait their turn.
    """

    def __init__(self, url: str | URL, *, readers: int = 4) -> None:
        self.url: Final = make_url(url)
        self._backend: Final[Backend] = backend(self.url, readers=readers)
        self._write_engine: Final = self._backend.write_engine
        self._read_engine: Final = self._backend.read_engine
        self._ears: Ears | None = None
        self._threads: Final = ThreadPoolExecutor(readers, thread_name_prefix="db-read")
        self._queue: Final[queue.SimpleQueue[_Queued | None]] = queue.SimpleQueue()
        self._gate: Final = threading.Lock()
        self._closed = False
        self._writer: Final = threading.Thread(target=self._write_loop, name="db-write", daemon=True)
        self._writer.start()

    async def read(self, job: Job[T]) -> T:
        """Run ``job`` in a read transaction: one snapshot, which sees every write acknowledged before the call."""
        return await asyncio.wrap_future(self._threads.submit(self._run_read, job))

    async def write(self, job: Job[T]) -> T:
        """Run ``job`` in the write transaction; return what it returns, after that is on disk.

        An exception from ``job`` undoes all that it wrote and is raised here. A caller that is cancelled does not
        cancel the job: a write that was begun is finished.
        """
        writing = asyncio.wrap_future(self._submit(job))
        writing.add_done_callback(_seen)
        return await asyncio.shield(writing)

    def read_now(self, job: Job[T]) -> T:
        """Do as :meth:`read` does, for callers without an event loop (the command line)."""
        return self._run_read(job)

    def write_now(self, job: Job[T]) -> T:
        """Do as :meth:`write` does, for callers without an event loop."""
        return self._submit(job).result()

    def listen(self, heard: Callable[[str], None]) -> Ears | None:
        """Have ``heard`` called, in a thread, with what other processes announce as they commit; until :meth:`close`.

        Returns ``None`` where that cannot be had (SQLite): then whoever needs to know has to look.
        """
        with self._gate:
            if self._ears is None and not self._closed:
                self._ears = self._backend.listen(heard)
            return self._ears

    def close(self) -> None:
        """Finish the queued writes, then close every connection. Calling it again does nothing."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        if self._ears is not None:
            self._ears.close()
        self._writer.join()
        self._threads.shutdown(wait=True)
        self._read_engine.dispose()
        self._write_engine.dispose()

    def _run_read(self, job: Job[T]) -> T:
        with self._read_engine.connect() as connection, connection.begin():
            return job(connection)

    def _submit(self, job: Job[T]) -> Future[T]:
        queued = _Queued(job)
        with self._gate:
            if self._closed:
                raise RuntimeError("the database is closed")
            self._queue.put(queued)
        return queued.done

    def _write_loop(self) -> None:
        open_ = True
        while open_:
            batch: list[_Queued] = []
            item = self._queue.get()
            while item is not None:
                batch.append(item)
                if len(batch) == GROUP or self._queue.empty():
                    break
                item = self._queue.get()
            open_ = item is not None
            if batch:
                self._commit(batch)

    def _commit(self, batch: list[_Queued]) -> None:
        outcomes: list[tuple[_Queued, Any, BaseException | None]] = []
        callbacks: list[Callable[[], None]] = []
        try:
            with self._write_engine.connect() as connection, connection.begin() as transaction:
                for queued in batch:
                    outcomes.append(_attempt(connection, queued, alone=len(batch) == 1))
                    own: list[Callable[[], None]] = connection.info.pop(_AFTER_COMMIT, [])
                    if outcomes[-1][2] is None:
                        callbacks += own
                    self._check(connection, outcomes[-1][2])
                if len(batch) == 1 and outcomes[0][2] is not None:
                    transaction.rollback()
        except BaseException as error:  # noqa: BLE001  the commit failed: nobody in the group may be told "stored"
            for queued in batch:
                queued.done.set_exception(error)
            return
        for callback in callbacks:
            try:
                callback()
            except Exception:  # what is stored is stored, and this thread has to serve the next
                log.exception("a callback after a commit failed")
        for queued, result, failure in outcomes:
            if failure is None:
                queued.done.set_result(result)
            else:
                queued.done.set_exception(failure)

    def _check(self, connection: Connection, failure: BaseException | None) -> None:
        """Raise :class:`TransactionLost` when the group's transaction does not stand; ``failure`` may be why."""
        try:
            self._backend.check(connection)
        except TransactionLost as lost:
            raise lost from failure


def _seen(done: asyncio.Future[Any]) -> None:
    """Look at what became of a write: whoever asked may be gone, and asyncio would log, with its words, what failed."""
    if not done.cancelled():
        done.exception()


def _attempt(connection: Connection, queued: _Queued, *, alone: bool) -> tuple[_Queued, Any, BaseException | None]:
    """Run one job of the group. ``alone``: what fails is undone with the transaction, which no other job is in."""
    try:
        return queued, queued.job(connection) if alone else _apart(connection, queued.job), None
    except BaseException as error:  # noqa: BLE001  it belongs to the one who asked, not to this thread
        return queued, None, error


def _apart(connection: Connection, job: Job[T]) -> T:
    """Run ``job`` in a savepoint. SQLAlchemy's own would take as long as a small write."""
    connection.exec_driver_sql("SAVEPOINT job")
    try:
        result = job(connection)
        connection.exec_driver_sql("RELEASE SAVEPOINT job")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
        raise
    return result
