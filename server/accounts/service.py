"""What can be done with accounts and grants. Plain functions of a connection and facts; the caller commits."""

import re
from typing import Final

from sqlalchemy import Connection

from server.accounts import repository, sessions
from server.accounts.models import Account, Grant
from server.areas import repository as areas
from server.errors import Conflict, Forbidden, Invalid, NotFound

NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}")
NAME_MOST: Final = 32
DISPLAY_MOST: Final = 40


def check_name(name: str, *, field: str = "name") -> None:
    """Raise :class:`Invalid` when ``name`` cannot be a log-in name."""
    if not NAME.fullmatch(name):
        raise Invalid(field, "登录名应以小写字母开头，由 2 到 32 个小写字母、数字或 . _ - 组成，如 li-xiaohong。")


def check_display_name(display_name: str) -> str:
    """Return ``display_name`` without blanks around it. Raises :class:`Invalid` when it is empty or too long."""
    shown = display_name.strip()
    if not shown or len(shown) > DISPLAY_MOST or not shown.isprintable():
        raise Invalid("display_name", f"请填写姓名，不超过 {DISPLAY_MOST} 个字。")
    return shown


def add(
    connection: Connection, *, name: str, display_name: str, password_hash: str, admin: bool, now_ms: int
) -> Account:
    """Add an account and return it. Raises :class:`Invalid` for a bad name, :class:`Conflict` for one that is taken."""
    check_name(name)
    shown = check_display_name(display_name)
    if repository.exists(connection, name):
        raise Conflict(f"登录名「{name}」已经有人用了，请换一个。")
    repository.add(
        connection, name=name, display_name=shown, password_hash=password_hash, admin=admin, created_ms=now_ms
    )
    return Account(name, shown, admin=admin)


def set_password(connection: Connection, name: str, password_hash: str, *, keep: str | None = None) -> None:
    """Set a password and end the account's sessions, but the one whose token's hash is ``keep``.

    Raises :class:`NotFound`.
    """
    if not repository.set_columns(connection, name, password_hash=password_hash):
        raise NotFound(f"没有登录名为「{name}」的账号，请检查拼写。")
    repository.end_sessions(connection, name, keep=keep)


def disable(connection: Connection, name: str, now_ms: int) -> None:
    """Disable an account and end its sessions. Raises :class:`NotFound`, :class:`Conflict` for the last admin."""
    _known(connection, name)
    repository.set_columns(connection, name, disabled_ms=now_ms)
    repository.end_sessions(connection, name)
    _keep_an_admin(connection)


def enable(connection: Connection, name: str) -> None:
    """Let a disabled account log in again. Raises :class:`NotFound`."""
    _known(connection, name)
    repository.set_columns(connection, name, disabled_ms=None)


def rename(connection: Connection, name: str, display_name: str) -> None:
    """Set the name that others see. Raises :class:`NotFound`, :class:`Invalid`."""
    _known(connection, name)
    repository.set_columns(connection, name, display_name=check_display_name(display_name))


def set_admin(connection: Connection, name: str, *, admin: bool) -> None:
    """Make an account an administrator, or not. Raises :class:`NotFound`, :class:`Conflict` for the last one."""
    _known(connection, name)
    repository.set_columns(connection, name, admin=admin)
    _keep_an_admin(connection)


def listed(connection: Connection, name: str) -> repository.Listed:
    """Return the account as administrators see it. Raises :class:`NotFound`."""
    found = repository.listed(connection, name)
    if found is None:
        raise NotFound(f"没有登录名为「{name}」的账号，请检查拼写。")
    return found


def give(connection: Connection, name: str, grant: Grant, now_ms: int) -> None:
    """Grant; granting again changes nothing. Raises :class:`Invalid` for an unknown account or area."""
    if not repository.exists(connection, name):
        raise Invalid("account", f"没有登录名为「{name}」的账号，请检查拼写。")
    if areas.one(connection, grant.area) is None:
        raise Invalid("area", f"没有编号为「{grant.area}」的区域，请检查拼写。")
    repository.add_grant(connection, name, grant, now_ms)


def take(connection: Connection, name: str, grant: Grant) -> None:
    """Take a grant away: from the next request on. Raises :class:`NotFound` when there was none."""
    if not repository.remove_grant(connection, name, grant):
        raise NotFound("没有这一条授权，可能已被收回。请刷新后再看。")


def invite(connection: Connection, *, expires_ms: int) -> str:
    """Make the one-time link of the first administrator and return its token; earlier links are void.

    Raises :class:`Conflict` when there is an administrator already.
    """
    if repository.any_admin(connection):
        raise Conflict("已经有管理员了，请用管理员账号登录。")
    token = sessions.new_token()
    repository.put_setup_link(connection, sessions.hashed(token), expires_ms)
    return token


def set_up(
    connection: Connection, token: str, *, name: str, display_name: str, password_hash: str, now_ms: int
) -> Account:
    """Use the one-time link: add the first administrator. Raises :class:`Forbidden` when the link is no good."""
    if repository.any_admin(connection) or not repository.use_setup_link(connection, sessions.hashed(token), now_ms):
        raise Forbidden("这个链接已失效或已用过。请重新启动服务，用新打印出来的链接。")
    return add(connection, name=name, display_name=display_name, password_hash=password_hash, admin=True, now_ms=now_ms)


def _known(connection: Connection, name: str) -> None:
    if not repository.exists(connection, name):
        raise NotFound(f"没有登录名为「{name}」的账号，请检查拼写。")


def _keep_an_admin(connection: Connection) -> None:
    if not repository.any_admin(connection):
        raise Conflict("这是最后一位管理员。请先设另一位管理员，再做这一步。")
