"""``baijiamen store``: the database as a whole."""

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from server.clock import SystemClock


@click.group()
def store() -> None:
    """整个数据库：从一种换到另一种。"""


@store.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """把数据库 FROM 的全部内容复制到空的数据库 TO，并逐表核对。两者都是地址。

    如 sqlite:////srv/baijiamen/baijiamen.db、postgresql://用户:密码@主机/库名。请先停下服务。
    中途失败或核对不符时，TO 仍是空的。
    """
    from server.database.copying import copy_installation  # noqa: PLC0415  only this command needs it

    for url in (source, target):
        try:
            make_url(url)
        except ArgumentError as error:
            raise click.ClickException("不是数据库地址：应像 sqlite:////srv/baijiamen/baijiamen.db。") from error
    done = copy_installation(source, target, SystemClock(), lambda line: print(f"  {line}"))
    for name, told in done.documents.items():
        print(f"库 {name}：{told.rows} 条记录，摘要 {told}")
    print(f"已复制并核对 {sum(each.rows for each in done.tables.values())} 行。")
    print("推送密钥在数据目录里（vapid 目录），换机器时请一起搬；然后把 BAIJIAMEN_DATABASE_URL 设成新地址再启动服务。")
