"""Logging in and out, the first administrator, one's own password."""

from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy import Connection

from server.accounts import repository, service, sessions
from server.accounts.login import LoggedIn, Login
from server.accounts.models import Account
from server.accounts.passwords import check_new
from server.accounts.policy import Who
from server.accounts.schemas import Credentials, PasswordChange, SessionView, Setup, session_view
from server.areas import repository as areas
from server.clock import Clock, to_ms
from server.errors import Invalid, Unauthorized
from server.guard import session_of
from server.origin import client_address, is_secure
from server.settings import Settings
from sync.store.database import Database

Ask = Request[Any, Any, Any]


class SessionController(Controller):
    """``/api/session``: who is logged in."""

    path = "/api/session"
    tags = ("登录",)

    @post(opt={"who": Who.ANYONE}, status_code=200, summary="登录")
    async def log_in(
        self,
        request: Ask,
        data: JSONBody[Credentials],
        login: NamedDependency[Login],
        database: NamedDependency[Database],
        settings: NamedDependency[Settings],
    ) -> Response[SessionView]:
        """Begin a session: the cookie comes with the answer. 401 for a wrong name or password, 429 after too many."""
        client = client_address(request, settings.trusted_proxies)
        done = await login.log_in(data.name.strip(), data.password, client=client)
        return await _begun(request, done, database, settings)

    @get(opt={"who": Who.ACCOUNT}, summary="当前登录的账号")
    async def show(self, account: NamedDependency[Account], database: NamedDependency[Database]) -> SessionView:
        """Return who is logged in and what was granted to them."""
        return await database.read(lambda c: _view(c, account))

    @delete(opt={"who": Who.ANYONE}, status_code=204, summary="退出登录")
    async def log_out(self, request: Ask, database: NamedDependency[Database]) -> Response[None]:
        """End this session. Without one there is nothing to end, and that is well."""
        hashes = [sessions.hashed(token) for token in sessions.tokens(request)]
        if hashes:
            await database.write(lambda c: repository.end_these_sessions(c, hashes))
        return _forget()

    @delete("/all", opt={"who": Who.ACCOUNT}, status_code=204, summary="在所有设备上退出")
    async def log_out_everywhere(
        self, account: NamedDependency[Account], database: NamedDependency[Database]
    ) -> Response[None]:
        """End every session of this account, on whatever device."""
        await database.write(lambda c: repository.end_sessions(c, account.name))
        return _forget()


class SetupController(Controller):
    """``/api/setup``: the first administrator, by the one-time link that ``serve`` prints."""

    path = "/api/setup"
    tags = ("登录",)

    @post(opt={"who": Who.ANYONE}, status_code=201, summary="用一次性链接设立第一位管理员")
    async def set_up(
        self,
        request: Ask,
        data: JSONBody[Setup],
        login: NamedDependency[Login],
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
    ) -> Response[SessionView]:
        """Add the administrator and log in. 403 when the link has expired or was used."""
        attempt = login.attempts.begin("", client_address(request, settings.trusted_proxies))
        check_new(data.password, data.name)
        password_hash = await login.passwords.hash(data.password)

        def job(connection: Connection) -> LoggedIn:
            account = service.set_up(
                connection,
                data.token,
                name=data.name,
                display_name=data.display_name,
                password_hash=password_hash,
                now_ms=to_ms(clock.now()),
            )
            return LoggedIn(account, sessions.start(connection, account.name, clock))

        done = await database.write(job)
        login.attempts.succeeded(attempt)
        return await _begun(request, done, database, settings, status=201)


class AccountController(Controller):
    """``/api/account``: what one changes about oneself."""

    path = "/api/account"
    tags = ("登录",)

    @post("/password", opt={"who": Who.ACCOUNT}, status_code=204, summary="修改密码")
    async def change_password(
        self,
        request: Ask,
        data: JSONBody[PasswordChange],
        account: NamedDependency[Account],
        login: NamedDependency[Login],
        database: NamedDependency[Database],
        settings: NamedDependency[Settings],
    ) -> None:
        """Set a new password. All other sessions of the account end."""
        check_new(data.new, account.name, field="new")
        client = client_address(request, settings.trusted_proxies)
        try:
            await login.check(account.name, data.old, client=client)
        except Unauthorized as error:
            raise Invalid("old", "原密码不对，请重新输入。") from error
        password_hash = await login.passwords.hash(data.new)
        session = await session_of(request)
        keep = None if session is None else session.token_hash
        await database.write(lambda c: service.set_password(c, account.name, password_hash, keep=keep))


def invitation(connection: Connection, clock: Clock, settings: Settings) -> str:
    """Return the path of a new one-time link for the first administrator. Raises :class:`server.errors.Conflict`."""
    expires = clock.now() + timedelta(hours=settings.accounts.setup_link_hours)
    return f"/#/setup/{service.invite(connection, expires_ms=to_ms(expires))}"


async def _begun(
    request: Ask, done: LoggedIn, database: Database, settings: Settings, status: int = 200
) -> Response[SessionView]:
    view = await database.read(lambda c: _view(c, done.account))
    secure = is_secure(request, settings.trusted_proxies)
    cookie = sessions.cookie(done.token, secure=secure, settings=settings.accounts)
    return Response(view, status_code=status, cookies=[cookie])


def _view(connection: Connection, account: Account) -> SessionView:
    granted = areas.areas_of(connection, (grant.area for grant in account.grants))
    known = areas.areas_of(connection, (each for area in granted.values() for each in area.path))
    return session_view(account, known)


def _forget() -> Response[None]:
    return Response(None, status_code=204, cookies=[sessions.clearing(), sessions.clearing(sessions.COUCH_COOKIE)])
