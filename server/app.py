"""The application, put together."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from litestar import Litestar, Request
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from server import problems
from server.accounts.administration import AccountAdministration, GrantAdministration
from server.accounts.attempts import Attempts
from server.accounts.controllers import AccountController, SessionController, SetupController
from server.accounts.login import Login
from server.accounts.models import Account
from server.accounts.passwords import Passwords
from server.areas.controllers import AreaAdministration, AreaController
from server.calendar.controllers import CalendarController
from server.channels.controllers import ChannelController, PushController
from server.clock import Clock, SystemClock
from server.documents.rules import DATABASE, AreaRules
from server.errors import Unauthorized
from server.followups.controllers import FollowupController
from server.guard import guard, logged_in, undeclared
from server.households.controllers import HouseholdController
from server.live.controllers import LiveController
from server.photos.controllers import PhotoController
from server.refusals.controllers import RefusalController
from server.reminders.controllers import ReminderController
from server.scheduling.lifespan import lifespan as scheduling
from server.settings import Settings
from server.visits.controllers import VisitController
from sync.store import Store
from sync.store.database import Database

CONTROLLERS: Final[Sequence[ControllerRouterHandler]] = (
    AccountAdministration,
    AccountController,
    AreaAdministration,
    AreaController,
    CalendarController,
    ChannelController,
    FollowupController,
    GrantAdministration,
    HouseholdController,
    LiveController,
    PhotoController,
    PushController,
    RefusalController,
    ReminderController,
    SessionController,
    SetupController,
    VisitController,
)


def create_app(
    settings: Settings, clock: Clock | None = None, *, extra: Sequence[ControllerRouterHandler] = ()
) -> Litestar:
    """Return the application, its database open (and current: see :mod:`server.database.migrate`).

    ``app.state`` has ``settings``, ``clock``, ``database``, ``login``, ``passwords``, ``store``.
    ``extra``: routes of tests.

    Raises :class:`RuntimeError` when a route does not declare who may call it.
    """
    clock = clock or SystemClock()
    database = Database(settings.database_url)
    store = Store(database, {DATABASE: AreaRules(clock)})
    passwords = Passwords(settings.accounts)
    login = Login(database, passwords, Attempts(clock, settings.accounts), clock)

    @asynccontextmanager
    async def _open(_app: Litestar) -> AsyncIterator[None]:
        try:
            await database.write(lambda c: store.ensure_now(c, DATABASE))
            yield
        finally:
            passwords.close()
            database.close()

    app = Litestar.from_config(
        AppConfig(
            route_handlers=[*CONTROLLERS, *extra],
            guards=[guard],
            dependencies=_DEPENDENCIES,
            exception_handlers=problems.handlers,
            lifespan=[_open, scheduling],
            request_max_body_size=settings.body_limit,
            openapi_config=None,
        )
    )
    app.state.update(settings=settings, clock=clock, database=database, login=login, passwords=passwords, store=store)
    if missing := undeclared(app):
        raise RuntimeError(f"routes that do not declare who may call them: {', '.join(missing)}")
    return app


async def _account(request: Request[Any, Any, Any]) -> Account:
    """Return who is logged in, for handlers that name ``account``."""
    found = await logged_in(request)
    if found is None:
        raise Unauthorized
    return found


def _database(request: Request[Any, Any, Any]) -> Database:
    found: Database = request.app.state.database
    return found


def _clock(request: Request[Any, Any, Any]) -> Any:
    return request.app.state.clock


def _login(request: Request[Any, Any, Any]) -> Login:
    found: Login = request.app.state.login
    return found


def _settings(request: Request[Any, Any, Any]) -> Settings:
    found: Settings = request.app.state.settings
    return found


def _store(request: Request[Any, Any, Any]) -> Store:
    found: Store = request.app.state.store
    return found


_DEPENDENCIES: Final[dict[str, Provide | Callable[..., Any]]] = {
    "account": Provide(_account),
    "clock": Provide(_clock, sync_to_thread=False),
    "database": Provide(_database, sync_to_thread=False),
    "login": Provide(_login, sync_to_thread=False),
    "settings": Provide(_settings, sync_to_thread=False),
    "store": Provide(_store, sync_to_thread=False),
}
