"""``baijiamen user`` and ``baijiamen grant``."""

import sys
from pathlib import Path

import click

from server.accounts import repository, service
from server.accounts.models import Grant, Role
from server.accounts.passwords import Passwords, check_new
from server.cli_opening import data_option, opened
from server.clock import shanghai_text, to_ms
from server.settings import Settings

ROLES = click.Choice([role.value for role in Role])
password_option = click.option(
    "--password-stdin", is_flag=True, help="从标准输入读密码（第一行）；不加此项则在终端里输入"
)


@click.group()
def user() -> None:
    """账号：添加、列出、停用、重设密码。"""


@user.command("add")
@click.argument("name")
@click.option("--display-name", required=True, help="姓名，别人看到的名字")
@click.option("--admin", is_flag=True, help="设为管理员")
@password_option
@data_option
def add_user(name: str, display_name: str, data: Path | None, *, admin: bool, password_stdin: bool) -> None:
    """添加账号 NAME（登录名）。密码不能写在命令里：那样会留在历史记录和进程列表中。"""
    service.check_name(name)
    password = _password(name, from_stdin=password_stdin)
    with opened(data) as here:
        password_hash = _hash(here.settings, password)
        now_ms = to_ms(here.clock.now())
        here.database.write_now(
            lambda c: service.add(
                c, name=name, display_name=display_name, password_hash=password_hash, admin=admin, now_ms=now_ms
            )
        )
    print(f"已添加{'管理员' if admin else '账号'} {name}（{display_name}）")


@user.command("list")
@data_option
def list_users(data: Path | None) -> None:
    """列出所有账号。"""
    with opened(data) as here:
        after = ""
        while found := here.database.read_now(lambda c, after=after: repository.listing(c, after=after)):  # type: ignore[misc]
            for each in found:
                marks = [
                    "管理员" if each.account.admin else "",
                    "" if each.disabled_ms is None else f"已停用 {shanghai_text(each.disabled_ms)}",
                    *(f"{grant.role.value}:{grant.area}" for grant in each.account.grants),
                ]
                print("\t".join([each.account.name, each.account.display_name, " ".join(filter(None, marks))]))
            after = found[-1].account.name


@user.command("disable")
@click.argument("name")
@data_option
def disable_user(name: str, data: Path | None) -> None:
    """停用账号 NAME：立即退出所有设备，不能再登录。"""
    with opened(data) as here:
        here.database.write_now(lambda c: service.disable(c, name, to_ms(here.clock.now())))
    print(f"已停用 {name}")


@user.command("enable")
@click.argument("name")
@data_option
def enable_user(name: str, data: Path | None) -> None:
    """重新启用账号 NAME。"""
    with opened(data) as here:
        here.database.write_now(lambda c: service.enable(c, name))
    print(f"已启用 {name}")


@user.command("set-password")
@click.argument("name")
@password_option
@data_option
def set_password(name: str, data: Path | None, *, password_stdin: bool) -> None:
    """重设账号 NAME 的密码：所有设备上都要重新登录。"""
    password = _password(name, from_stdin=password_stdin)
    with opened(data) as here:
        password_hash = _hash(here.settings, password)
        here.database.write_now(lambda c: service.set_password(c, name, password_hash))
    print(f"已重设 {name} 的密码")


@click.group()
def grant() -> None:
    """授权：谁在哪个区域走访（visitor）或负责（supervisor）。"""


@grant.command("add")
@click.argument("name")
@click.argument("role", type=ROLES)
@click.argument("area")
@data_option
def add_grant(name: str, role: str, area: str, data: Path | None) -> None:
    """让账号 NAME 在区域 AREA（编号）及其下级做 ROLE。"""
    with opened(data) as here:
        given = Grant(Role(role), area)
        here.database.write_now(lambda c: service.give(c, name, given, to_ms(here.clock.now())))
    print(f"已授权 {name} {role} {area}")


@grant.command("remove")
@click.argument("name")
@click.argument("role", type=ROLES)
@click.argument("area")
@data_option
def remove_grant(name: str, role: str, area: str, data: Path | None) -> None:
    """收回授权，下一次请求起生效。"""
    with opened(data) as here:
        here.database.write_now(lambda c: service.take(c, name, Grant(Role(role), area)))
    print(f"已收回 {name} {role} {area}")


@grant.command("list")
@click.option("--account", default=None, help="只列这个账号的")
@click.option("--area", default=None, help="只列这个区域的")
@data_option
def list_grants(account: str | None, area: str | None, data: Path | None) -> None:
    """列出授权。"""
    with opened(data) as here:
        for name, given in here.database.read_now(lambda c: repository.all_grants(c, account_name=account, area=area)):
            print(f"{name}\t{given.role.value}\t{given.area}")


def _password(name: str, *, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt("密码", hide_input=True, confirmation_prompt="再输一次")
    else:
        raise click.UsageError("请在终端里运行并输入密码，或加 --password-stdin 从标准输入读。")
    check_new(password, name)
    return password


def _hash(settings: Settings, password: str) -> str:
    passwords = Passwords(settings.accounts)
    try:
        return passwords.hash_now(password)
    finally:
        passwords.close()
