"""The scheduler inside ``serve``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

from server.scheduling.deliverers import deliverer
from server.scheduling.scheduler import Scheduler


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """Run what the reminders need while the application runs: what sends, and with ``settings.scheduler`` the jobs.

    Enter it after the database is open. Gives the routes ``app.state.deliverer``.
    """
    state = app.state
    with deliverer(state.database, state.settings, state.clock) as made:
        state.deliverer = made
        if not state.settings.scheduler:
            yield
            return
        scheduler = Scheduler(made, state.settings)
        await scheduler.start()
        try:
            yield
        finally:
            await scheduler.stop()
