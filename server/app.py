"""The application, put together."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from litestar import Litestar, Request, Router
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler

from server import health, metrics, problems
from server.accounts.administration import AccountAdministration, GrantAdministration
from server.accounts.attempts import Attempts
from server.accounts.controllers import AccountController, SessionController, SetupController
from server.accounts.login import Login
from server.accounts.models import Account
from server.accounts.passwords import Passwords
from server.accounts.policy import Who
from server.areas.controllers import AreaAdministration, AreaController
from server.asking import Asking
from server.calendar.controllers import CalendarController
from server.channels.controllers import ChannelController, PushController
from server.channels.trials import Trials
from server.clock import Clock, SystemClock
from server.documents.rules import AreaRules
from server.errors import Unauthorized
from server.followups.controllers import FollowupController
from server.gate import AREAS, Gate
from server.guard import guard, logged_in, undeclared
from server.households.controllers import HouseholdController
from server.live.controllers import LiveController
from server.observe import Application
from server.photos.controllers import PhotoController
from server.refusals.controllers import RefusalController
from server.reminders.controllers import ReminderController
from server.scheduling import lifespan as scheduling
from server.settings import Settings
from server.visits.controllers import VisitController
from server.web import controllers as web
from server.web.schema_page import ReadablePage
from server.web.site import Site
from sync.http.router import router
from sync.replicator.jobs import Replicator
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
    health.healthz,
    health.readyz,
    metrics.metrics,
    web.router,
)


def create_app(
    settings: Settings, clock: Clock | None = None, *, extra: Sequence[ControllerRouterHandler] = ()
) -> Litestar:
    """Return the application, its database open (and current: see :mod:`server.database.migrate`).

    ``app.state`` has ``settings``, ``clock``, ``database``, ``store``, ``gate``, ``login``, ``passwords``, ``metrics``,
    ``site`` and ``trials``. ``extra`` are further routes. Raises :class:`RuntimeError` for a route without ``who``.
    """
    clock = clock or SystemClock()
    database = Database(settings.database_url)
    store = Store(database, {AREAS: AreaRules(clock)})
    passwords = Passwords(settings.accounts)
    login = Login(database, passwords, Attempts(clock, settings.accounts), clock)
    gate = Gate(login, settings)
    replicator = Replicator(store, gate, settings=settings.replicator)

    @asynccontextmanager
    async def _open(_app: Litestar) -> AsyncIterator[None]:
        try:
            await database.write(lambda c: store.ensure_now(c, AREAS))
            yield
        finally:
            passwords.close()
            database.close()

    app = Application.from_config(
        AppConfig(
            route_handlers=[
                *CONTROLLERS,
                router(store, gate, opt={"who": Who.GATEKEEPER}, replicator=replicator),
                *extra,
            ],
            guards=[guard],
            dependencies=_DEPENDENCIES,
            exception_handlers=problems.handlers,
            lifespan=[_open, scheduling.lifespan, replicator.lifespan],
            request_class=Asking,
            request_max_body_size=settings.body_limit,
            openapi_config=_described(),
        )
    )
    app.state.update(settings=settings, clock=clock, database=database, store=store, trials=Trials(clock))
    app.state.update(gate=gate, login=login, passwords=passwords, metrics=metrics.Metrics(), site=Site(settings.pwa))
    if missing := undeclared(app):
        raise RuntimeError(f"routes that do not declare who may call them: {', '.join(missing)}")
    return app


def _version() -> str:
    try:
        return version("baijiamen")
    except PackageNotFoundError:  # run from its folder, not installed
        return "dev"


def _described() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="百家门接口",
        version=_version(),
        description="入户走访、审阅、回访提醒。时间是东八区的 ISO 8601；错误是 problem+json（RFC 9457）。",
        use_handler_docstrings=True,
        render_plugins=[ReadablePage(path="/", favicon="", style=""), JsonRenderPlugin()],
        openapi_router=Router("/api/schema", route_handlers=[], opt={"who": Who.ANYONE}),
    )


async def _account(request: Request[Any, Any, Any]) -> Account:
    """Return who is logged in, for handlers that name ``account``."""
    found = await logged_in(request)
    if found is None:
        raise Unauthorized
    return found


def _of_state(name: str) -> Provide:
    def provide(request: Request[Any, Any, Any]) -> Any:
        return getattr(request.app.state, name)

    return Provide(provide, sync_to_thread=False)


_DEPENDENCIES: Final[dict[str, Provide | Callable[..., Any]]] = {
    "account": Provide(_account),
    **{name: _of_state(name) for name in ("clock", "database", "login", "settings", "site", "store")},
}
