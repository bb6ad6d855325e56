"""Accounts and grants in the hands of administrators."""

from typing import Annotated, Any

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from sqlalchemy import Connection

from server.accounts import repository, service
from server.accounts.login import Login
from server.accounts.models import Grant, Role
from server.accounts.passwords import check_new
from server.accounts.policy import ADMINS
from server.accounts.schemas import (
    AccountChange,
    AccountPage,
    GrantList,
    ListedAccount,
    ListedGrant,
    NewAccount,
    NewGrant,
    NewPassword,
)
from server.clock import Clock, shanghai_text, to_ms
from sync.store.database import Database

Limit = Annotated[int, QueryParameter(ge=1, le=500)]
Text = Annotated[str, QueryParameter(max_length=64)]


class AccountAdministration(Controller):
    """``/api/admin/accounts``."""

    path = "/api/admin/accounts"
    tags = ("管理",)
    opt = ADMINS

    @get(summary="账号列表")
    async def listing(self, database: NamedDependency[Database], after: Text = "", limit: Limit = 200) -> AccountPage:
        """Return accounts by name, disabled ones too, with their grants."""
        found = await database.read(lambda c: repository.listing(c, after=after, limit=limit + 1))
        items = [_listed(each) for each in found[:limit]]
        return AccountPage(items=items, next=items[-1].name if len(found) > limit else None)

    @post(status_code=201, summary="添加账号")
    async def add(
        self,
        data: JSONBody[NewAccount],
        login: NamedDependency[Login],
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
    ) -> ListedAccount:
        """Add an account. 409 when its name is taken."""
        service.check_name(data.name)
        check_new(data.password, data.name)
        password_hash = await login.passwords.hash(data.password)
        now_ms = to_ms(clock.now())

        def job(connection: Connection) -> repository.Listed:
            made = service.add(
                connection,
                name=data.name,
                display_name=data.display_name,
                password_hash=password_hash,
                admin=data.admin,
                now_ms=now_ms,
            )
            return repository.Listed(made, now_ms, None)

        return _listed(await database.write(job))

    @patch("/{name:str}", summary="修改账号")
    async def change(
        self,
        name: FromPath[str],
        data: JSONBody[AccountChange],
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
    ) -> ListedAccount:
        """Change what is given. Disabling ends the account's sessions; the last administrator stays one (409)."""

        def job(connection: Connection) -> repository.Listed:
            if data.display_name is not None:
                service.rename(connection, name, data.display_name)
            if data.admin is not None:
                service.set_admin(connection, name, admin=data.admin)
            if data.disabled is True:
                service.disable(connection, name, to_ms(clock.now()))
            if data.disabled is False:
                service.enable(connection, name)
            return service.listed(connection, name)

        return _listed(await database.write(job))

    @post("/{name:str}/password", status_code=204, summary="重设密码")
    async def set_password(
        self,
        name: FromPath[str],
        data: JSONBody[NewPassword],
        login: NamedDependency[Login],
        database: NamedDependency[Database],
    ) -> None:
        """Set the account's password; all its sessions end."""
        check_new(data.password, name)
        password_hash = await login.passwords.hash(data.password)
        await database.write(lambda c: service.set_password(c, name, password_hash))


class GrantAdministration(Controller):
    """``/api/admin/grants``."""

    path = "/api/admin/grants"
    tags = ("管理",)
    opt = ADMINS

    @get(summary="授权列表")
    async def listing(
        self,
        database: NamedDependency[Database],
        holder: Annotated[str, QueryParameter(name="account", max_length=64)] = "",
        area: Text = "",
    ) -> GrantList:
        """Return the grants of an account, of an area, or all."""
        found = await database.read(lambda c: repository.all_grants(c, account_name=holder or None, area=area or None))
        return GrantList(items=[ListedGrant(account=name, role=grant.role, area=grant.area) for name, grant in found])

    @post(status_code=201, summary="授权")
    async def give(
        self, data: JSONBody[NewGrant], database: NamedDependency[Database], clock: NamedDependency[Clock]
    ) -> ListedGrant:
        """Grant; granting again changes nothing."""
        grant = Grant(data.role, data.area)
        await database.write(lambda c: service.give(c, data.account, grant, to_ms(clock.now())))
        return ListedGrant(account=data.account, role=data.role, area=data.area)

    @delete("/{account_name:str}/{role:str}/{area:str}", status_code=204, summary="收回授权")
    async def take(
        self,
        account_name: FromPath[str],
        role: FromPath[Role],
        area: FromPath[str],
        database: NamedDependency[Database],
    ) -> None:
        """Take a grant away; it is gone at the account's next request."""
        await database.write(lambda c: service.take(c, account_name, Grant(role, area)))


def _listed(each: repository.Listed) -> ListedAccount:
    grants: list[dict[str, Any]] = [{"role": grant.role.value, "area": grant.area} for grant in each.account.grants]
    return ListedAccount(
        name=each.account.name,
        display_name=each.account.display_name,
        admin=each.account.admin,
        created_at=shanghai_text(each.created_ms),
        disabled_at=None if each.disabled_ms is None else shanghai_text(each.disabled_ms),
        grants=grants,
    )
