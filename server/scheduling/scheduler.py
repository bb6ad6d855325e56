"""The scheduler: jobs declared here, started by APScheduler, run by the one process that holds the lease."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Protocol

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Connection

from server.clock import SHANGHAI, from_ms, to_ms
from server.reminders import passes
from server.reminders.delivering import Deliverer
from server.scheduling import leases, runs
from server.scheduling.cleanup import clean
from server.settings import Settings

LEASE: Final = "scheduler"

_log = structlog.get_logger(__name__)


class Schedule(Protocol):
    """When a job runs."""

    def latest(self, now: datetime) -> datetime:
        """Return the last moment up to ``now`` for which the job is scheduled."""
        ...

    def trigger(self) -> BaseTrigger:
        """Return it for APScheduler."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Each ``seconds``, counted from 1970."""

    seconds: float

    def latest(self, now: datetime) -> datetime:
        """Return the last moment up to ``now`` for which the job is scheduled."""
        step = round(self.seconds * 1000)
        return from_ms(to_ms(now) // step * step)

    def trigger(self) -> BaseTrigger:
        """Return it for APScheduler."""
        return IntervalTrigger(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Daily:
    """Each day ``at`` this time in Shanghai."""

    at: time

    def latest(self, now: datetime) -> datetime:
        """Return the last moment up to ``now`` for which the job is scheduled."""
        local = now.astimezone(SHANGHAI)
        today = datetime.combine(local.date(), self.at, SHANGHAI)
        return today if today <= local else today - timedelta(days=1)

    def trigger(self) -> BaseTrigger:
        """Return it for APScheduler."""
        return CronTrigger(hour=self.at.hour, minute=self.at.minute, timezone=SHANGHAI)


@dataclass(frozen=True, slots=True)
class Job:
    """A job: ``run`` is given the moment for which it is scheduled, and does nothing if it was run for that."""

    name: str
    schedule: Schedule
    run: Callable[[datetime], Awaitable[None]]


class Scheduler:
    """Runs the jobs while it holds the lease. Start it in each process that should be able to take over."""

    def __init__(self, deliverer: Deliverer, settings: Settings) -> None:
        self._deliverer = deliverer
        self._settings = settings
        self._held_until = from_ms(0)
        self._one_at_a_time = asyncio.Lock()
        self._stopping = False
        self._catching_up: asyncio.Task[None] | None = None
        self._apscheduler: Final = AsyncIOScheduler(
            timezone=SHANGHAI, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60}
        )
        self.jobs: Final = (
            Job("reminders", Every(settings.scheduling.every_seconds), self._remind),
            Job("cleanup", Daily(time(3, 30)), self._clean),
        )

    async def start(self) -> None:
        """Begin. What was missed while no process ran is made up for at once, but nobody waits for that.

        A morning's messages to a push service that does not answer take minutes; phones are at the door meanwhile.
        """
        for job in self.jobs:
            self._apscheduler.add_job(self.tick, job.schedule.trigger(), args=[job], id=job.name, name=job.name)
        third = IntervalTrigger(seconds=self._settings.scheduling.lease_seconds / 3)
        self._apscheduler.add_job(self._renew, third, id="lease", name="lease")
        self._apscheduler.start()
        self._catching_up = asyncio.create_task(self._catch_up())

    async def stop(self) -> None:
        """Let what is being sent be recorded, then give the lease up."""
        self._stopping = self._deliverer.stopping = True
        async with self._one_at_a_time:
            self._apscheduler.shutdown(wait=False)
        if self._catching_up is not None:
            await self._catching_up
        worker = self._deliverer.worker
        await self._deliverer.database.write(lambda c: leases.give_up(c, LEASE, holder=worker))

    async def tick(self, job: Job) -> None:
        """Run ``job`` for the moment it was last scheduled for, if this process holds the lease. Never raises."""
        try:
            async with self._one_at_a_time:
                if not self._stopping and (self._holds() or await self._renew()):
                    await job.run(job.schedule.latest(self._now()))
        except Exception as error:  # noqa: BLE001  the next tick tries again; a scheduler that died would be silence
            _log.error("job_failed", job=job.name, error=type(error).__name__)

    async def _catch_up(self) -> None:
        for job in self.jobs:
            await self.tick(job)

    def _now(self) -> datetime:
        return self._deliverer.clock.now()

    def _holds(self) -> bool:
        return self._now() < self._held_until

    async def _renew(self) -> bool:
        now = self._now()
        until = now + timedelta(seconds=self._settings.scheduling.lease_seconds)
        worker = self._deliverer.worker
        held = await self._deliverer.database.write(
            lambda c: leases.acquire(c, LEASE, holder=worker, now_ms=to_ms(now), until_ms=to_ms(until))
        )
        self._held_until = until if held else from_ms(0)
        return held

    async def _remind(self, scheduled: datetime) -> None:
        now, worker, database = self._now(), self._deliverer.worker, self._deliverer.database
        if not await passes.is_due(self._deliverer, now):
            return  # a row for each of a day's thousands of idle looks would record nothing
        at = to_ms(scheduled)
        if not await database.write(lambda c: runs.begin(c, "reminders", at, holder=worker, now_ms=to_ms(now))):
            return
        outcome = "failed"
        try:
            await passes.run(self._deliverer, now)
            outcome = "ok"
        finally:
            ended = to_ms(self._now())
            await database.write(lambda c: runs.end(c, "reminders", at, now_ms=ended, outcome=outcome))

    async def _clean(self, scheduled: datetime) -> None:
        at, now, worker, settings = to_ms(scheduled), self._now(), self._deliverer.worker, self._settings
        if await self._deliverer.database.read(lambda c: runs.is_recorded(c, "cleanup", at)):
            return

        def job(connection: Connection) -> None:
            if runs.begin(connection, "cleanup", at, holder=worker, now_ms=to_ms(now)):
                clean(connection, settings, now)
                runs.end(connection, "cleanup", at, now_ms=to_ms(now), outcome="ok")

        await self._deliverer.database.write(job)
