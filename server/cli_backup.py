"""``baijiamen backup`` and ``baijiamen restored``."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from server.channels import vapid
from server.cli_opening import data_option, opened, settings_of


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@data_option
def backup(target: Path, data: Path | None) -> None:
    """把数据库和推送密钥备份到新目录 TARGET。服务可以照常运行。"""
    settings = settings_of(data)
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        raise click.ClickException(
            "数据在 PostgreSQL 里。请用 pg_dump --format=custom 备份这个库，并另存数据目录里的推送密钥（vapid 目录）。"
        )
    source = Path(url.database or "")
    if not source.is_file():
        raise click.ClickException(f"没有数据库 {source}，请用 --data 指明数据目录。")
    try:
        target.mkdir(parents=True)
    except FileExistsError as error:
        raise click.ClickException(f"{target} 已经有了，请换一个新目录，以免盖掉以前的备份。") from error
    _copy(source, target / "baijiamen.db")
    keys = settings.data / vapid.FILE
    if keys.is_file():
        (target / vapid.FILE).parent.mkdir()
        shutil.copyfile(keys, target / vapid.FILE)
        _flush(target / vapid.FILE)
        _flush((target / vapid.FILE).parent)
    _flush(target)
    size = (target / "baijiamen.db").stat().st_size
    print(f"已备份到 {target}（{size / 1024**2:.1f} MB）。里面有居民的信息，请加密保管。")


@click.command()
@data_option
def restored(data: Path | None) -> None:
    """放回备份之后、启动服务之前运行：换新的库编号，手机会重新核对全部记录。"""
    with opened(data) as here:
        asyncio.run(here.store.renew_uuid())
    print("已换新的库编号。请启动服务；手机下次同步时会重新核对，不会重复下载已有的记录。")


def _copy(source: Path, target: Path) -> None:
    """Copy a database that others may be writing: all pages in one read transaction, hence one moment of it."""
    with (
        closing(sqlite3.connect(f"file:{source.absolute().as_posix()}?mode=ro", uri=True)) as origin,
        closing(sqlite3.connect(target)) as copy,
    ):
        origin.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole by itself
        sound = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if sound != "ok":
        raise click.ClickException(f"备份 {target} 不完好，请检查磁盘后再备份一次。")
    _flush(target)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
