"""The scheduler as a process of its own: ``baijiamen scheduler``."""

import asyncio
import signal
from datetime import datetime

from server.clock import Clock, SystemClock
from server.reminders import passes
from server.reminders.passes import Summary
from server.scheduling.deliverers import deliverer
from server.scheduling.scheduler import Scheduler
from server.settings import Settings
from sync.store.database import Database


async def run_scheduler(settings: Settings, clock: Clock | None = None, *, stop: asyncio.Event | None = None) -> None:
    """Run the jobs until ``stop`` is set, or the process is told to end (SIGTERM, SIGINT).

    The database must be current. Several such processes and ``serve`` with its own may run: one works, the others wait.
    """
    ended = stop or asyncio.Event()
    if stop is None:
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, ended.set)
    database = Database(settings.database_url)
    try:
        with deliverer(database, settings, clock or SystemClock()) as made:
            scheduler = Scheduler(made, settings)
            await scheduler.start()
            try:
                await ended.wait()
            finally:
                await scheduler.stop()
    finally:
        database.close()


async def run_once(
    settings: Settings, *, at: datetime | None = None, clock: Clock | None = None, database: Database | None = None
) -> Summary:
    """Do one full pass as of the aware moment ``at`` (default: now) and return what it did.

    For rehearsals and tests: what is late and due by then is told, and is told by then for good. Needs no lease.
    """
    time = clock or SystemClock()
    opened = database or Database(settings.database_url)
    try:
        with deliverer(opened, settings, time) as made:
            return await passes.run(made, at or time.now())
    finally:
        if database is None:
            opened.close()
