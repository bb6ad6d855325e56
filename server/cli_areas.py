"""``baijiamen area`` and ``baijiamen import``."""

import sys
from pathlib import Path

import click

from server.accounts import repository as accounts
from server.areas import repository, service
from server.areas.models import Area, AreaKind
from server.areas.moving import move
from server.cli_opening import Opened, data_option, opened

KINDS = click.Choice([kind.value for kind in AreaKind])


@click.group()
def area() -> None:
    """区域：区 → 街道 → 社区 → 楼栋 → 楼门。"""


@area.command("add")
@click.argument("area_id", metavar="ID")
@click.option("--kind", type=KINDS, required=True, help="级别")
@click.option("--name", required=True, help="名称，如 3号楼2门")
@click.option("--parent", default=None, help="上级的编号；不填为最上级")
@click.option("--sort", default=0, help="在同级里的次序，小的在前")
@data_option
def add_area(area_id: str, kind: str, name: str, parent: str | None, sort: int, data: Path | None) -> None:
    """添加区域，编号为 ID（小写字母、数字和 -）。"""
    with opened(data) as here:
        made = here.database.write_now(
            lambda c: service.add(c, area_id=area_id, parent=parent, kind=AreaKind(kind), name=name, sort=sort)
        )
    print(f"已添加 {' / '.join(made.path)}（{made.name}）")


@area.command("list")
@click.option("--under", default=None, help="只列这个区域和它的下级")
@data_option
def list_areas(under: str | None, data: Path | None) -> None:
    """列出区域，缩进表示上下级。"""
    with opened(data) as here:
        for each in here.database.read_now(lambda c: repository.subtree(c, _tops(here, under))):
            print(f"{'  ' * (len(each.path) - 1)}{each.id}\t{each.kind.value}\t{each.name}")


@area.command("move")
@click.argument("area_id", metavar="ID")
@click.option("--parent", required=True, help="新上级的编号")
@data_option
def move_area(area_id: str, parent: str, data: Path | None) -> None:
    """把区域连同下级移到另一个上级之下。里面已有记录的区域不能移动。"""
    with opened(data) as here:
        moved = here.database.write_now(lambda c: move(c, here.store, area_id, parent))
    print(f"已移动 {len(moved)} 个区域")


@click.group("import")
def import_() -> None:
    """导入社区手里的表格。"""


@import_.command("households")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--area", "area_id", required=True, help="名册所属的社区、楼栋或楼门的编号")
@click.option("--by", default=None, help="以哪个账号的名义导入，默认第一位管理员")
@click.option("--dry-run", is_flag=True, help="只报告会发生什么，不写入")
@data_option
def import_households(file: Path, area_id: str, by: str | None, data: Path | None, *, dry_run: bool) -> None:
    """导入住户名册 FILE（xlsx、xls、csv）。好的行不受坏行影响；再导一次不会重复。"""
    from server.register.service import import_households as run  # noqa: PLC0415  it brings the spreadsheet reader

    with opened(data) as here:
        name = by or _first_admin(here)
        if not here.database.read_now(lambda c: accounts.exists(c, name)):
            raise click.ClickException(f"没有登录名为「{name}」的账号，请检查 --by 的拼写。")
        report = run(here.database, here.store, here.clock, file, area_id, name, dry_run=dry_run)
    for line in report.lines():
        print(line)
    sys.exit(report.exit_code)


def _tops(here: Opened, under: str | None) -> list[Area]:
    if under is None:
        return here.database.read_now(lambda c: repository.children(c, None))
    found = here.database.read_now(lambda c: repository.one(c, under))
    if found is None:
        raise click.ClickException(f"没有编号为「{under}」的区域，请检查拼写。")
    return [found]


def _first_admin(here: Opened) -> str:
    for each in here.database.read_now(lambda c: accounts.listing(c, limit=500)):
        if each.account.admin and each.disabled_ms is None:
            return each.account.name
    raise click.ClickException("还没有管理员。请先用 baijiamen user add NAME --admin 添加，或用 --by 指定账号。")
