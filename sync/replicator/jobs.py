"""All replications of this process: begun, tried again when they fail, shown, ended."""

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from sync.access import Gatekeeper, Principal
from sync.limits import Limits
from sync.replicator import documents, leases, pacing
from sync.replicator.errors import ReplicationError
from sync.replicator.inside import ROOT, Inside
from sync.replicator.job import Job
from sync.replicator.peer import Peer
from sync.replicator.request import Endpoint, Replication
from sync.replicator.run import AT_ONCE, Run
from sync.replicator.settings import ReplicatorSettings
from sync.store.contract import DocumentStore

RENEWALS: Final = 4
"""Renewals of a lease in its time."""
LONGEST_BETWEEN: Final = 30.0
"""Seconds between two tries of one request."""
STEADY_SECONDS: Final = 60.0
"""A replication that ran for so long before it failed begins its back-off anew."""

log: Final = logging.getLogger(__name__)


class Replicator:
    """Runs replications for :mod:`sync.http` and for ``_replicator`` documents, while :meth:`lifespan` is open."""

    def __init__(
        self,
        store: DocumentStore,
        gatekeeper: Gatekeeper,
        limits: Limits | None = None,
        settings: ReplicatorSettings | None = None,
    ) -> None:
        self.store: Final = store
        self.settings: Final = settings or ReplicatorSettings()
        self.holder: Final = secrets.token_hex(8)
        self._gatekeeper: Final = gatekeeper
        self._limits: Final = limits or Limits()
        self._jobs: Final[dict[str, Job]] = {}
        self._tasks: Final[dict[str, asyncio.Task[None]]] = {}
        self._beside: Final[set[asyncio.Task[None]]] = set()
        self._places: Final = asyncio.Semaphore(self.settings.jobs)
        self._again: Final = pacing.Pacing(self.settings.first_wait * 4, self.settings.longest_wait, random.random)
        self._lease_ms: Final = int(self.settings.lease_seconds * 1000)
        self._renew_seconds: Final = self.settings.lease_seconds / RENEWALS
        self._pace: Final = pacing.Pacing(
            self.settings.first_wait, min(LONGEST_BETWEEN, self.settings.longest_wait), random.random
        )

    @asynccontextmanager
    async def lifespan(self, _app: object = None) -> AsyncIterator[None]:
        """Run what ``_replicator`` documents ask for, and keep the leases, until the application ends."""
        tasks = [asyncio.create_task(self._renew()), asyncio.create_task(documents.watch(self))]
        try:
            yield
        finally:
            for ended in (tasks, [*self._tasks.values(), *self._beside]):
                for task in ended:
                    task.cancel()
                await asyncio.gather(*ended, return_exceptions=True)

    # -- begin and end -----------------------------------------------------------------------------------------------

    async def start(
        self, replication: Replication, principal: Principal, *, document: tuple[str, str] | None = None
    ) -> Job:
        """Begin a replication, or join the one that runs already.

        ``document`` is the place of the ``_replicator`` document that asks for it.
        """
        uuid = await self.store.uuid()
        id_ = replication.id(uuid)
        while (known := self._jobs.get(id_)) is not None:
            if not known.over.is_set():
                return known
            await asyncio.wait({self._tasks[id_]})  # it is done, and about to leave
            self._ended(known)
        job = Job(id_, replication.base_id(uuid), replication, principal, document)
        self._jobs[id_] = job
        task = asyncio.create_task(self._live(job))
        self._tasks[id_] = task
        task.add_done_callback(lambda _: self._ended(job))
        return job

    async def cancel(self, id_: str) -> bool:
        """End a replication, in whatever process it runs; return whether there was one."""
        task = self._tasks.get(id_)
        if task is None:
            return await self.store.database.write(lambda c: leases.cancel(c, id_))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return True

    def keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Have ``coroutine`` run beside, until the application ends."""
        task = asyncio.create_task(coroutine)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def jobs(self) -> list[dict[str, Any]]:
        """Return what is to be told of every replication, those of other processes too."""
        others = await self.store.database.read(lambda c: leases.others(c, self.holder))
        elsewhere = {told["id"] for told in others}
        return [job.told() for job in self._jobs.values() if job.id not in elsewhere] + others

    def _ended(self, job: Job) -> None:
        if self._jobs.get(job.id) is job:
            del self._jobs[job.id], self._tasks[job.id]

    # -- one job -----------------------------------------------------------------------------------------------------

    async def _live(self, job: Job) -> None:
        try:
            async with self._places:
                while not await self._attempt(job):
                    lost = job.state == "pending"
                    await asyncio.sleep(
                        self._renew_seconds if lost else self._again.wait(job.failures, job.retry_after)
                    )
        except asyncio.CancelledError:
            job.cancelled()
            raise
        except Exception as error:
            log.exception("a replication ended by a mistake of this program")
            job.failed(ReplicationError(f"internal error: {type(error).__name__}"))
        finally:
            with contextlib.suppress(RuntimeError):  # the database is closed already: the lease runs out by itself
                await self.store.database.write(lambda c: leases.give_up(c, [job.id], self.holder))

    async def _attempt(self, job: Job) -> bool:
        """Run it once; return whether that was the last time."""
        if not await self.store.database.write(
            lambda c: leases.take(c, job.id, self.holder, job.told(), self._lease_ms)
        ):
            job.wait_for_lease()
            return False
        job.started()
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            async with (
                self._client(job.replication.source, job) as one,
                self._client(job.replication.target, job) as two,
            ):
                source, target = (
                    Peer(client, endpoint, ROOT, self._pace, self.settings.retries)
                    for client, endpoint in ((one, job.replication.source), (two, job.replication.target))
                )
                interval = self.settings.checkpoint_seconds
                run = Run(job.replication, source, target, job.base_id, job.progress, interval)
                job.running = asyncio.create_task(run.go())
                told = await job.running
        except asyncio.CancelledError:
            if not job.lost:
                raise
            job.wait_for_lease()
            return False
        except ReplicationError as error:
            if clock() - begun > STEADY_SECONDS:
                job.failures = 0
            job.crashed(error)
            log.warning("replication %s: %s", job.id, error.reason)
            if job.document is None and not job.replication.continuous:
                job.failed(error)
                return True
            return False
        job.completed(*told)
        return True

    def _client(self, endpoint: Endpoint, job: Job) -> httpx.AsyncClient:
        seconds = self.settings.timeout
        common: dict[str, Any] = {
            "follow_redirects": False,
            "trust_env": False,
            "timeout": httpx.Timeout(seconds, connect=min(seconds, 15.0), pool=None),
        }
        if endpoint.name is not None:
            transport = Inside(self.store, self._gatekeeper, self._limits, job.principal)
            return httpx.AsyncClient(transport=transport, **common)
        limits = httpx.Limits(max_connections=AT_ONCE + 4, max_keepalive_connections=AT_ONCE + 1, keepalive_expiry=20)
        headers = {"user-agent": "baijiamen-replicator", **dict(endpoint.headers)}
        return httpx.AsyncClient(auth=endpoint.auth, headers=headers, limits=limits, **common)

    # -- leases ------------------------------------------------------------------------------------------------------

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._renew_seconds)
            shown = {id_: job.told() for id_, job in self._jobs.items() if job.state == "running"}
            if not shown:
                continue
            try:
                held, cancelled = await self.store.database.write(
                    lambda c, s=shown: leases.keep(c, self.holder, s, self._lease_ms)  # type: ignore[misc]
                )
            except Exception:
                log.exception("the leases of replications could not be renewed")
                continue
            for id_ in shown.keys() & self._tasks.keys():
                if id_ in cancelled:
                    self._tasks[id_].cancel()
                elif id_ not in held:
                    self._jobs[id_].lose()
