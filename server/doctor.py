"""What ``baijiamen doctor`` looks at: each finding says what is so, and how to mend it when it is not well."""

import os
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from server.accounts import repository as accounts
from server.calendar.days import published
from server.clock import SHANGHAI, SystemClock, from_ms, to_ms, today
from server.database.migrate import current, head
from server.rebuilding import unfinished
from server.scheduling.tables import lease
from server.settings import Settings, misspelt
from sync.store.database import Database

PYTHON: Final = (3, 11)
SQLITE: Final = (3, 38, 0)
"""The oldest with everything that the store's SQL uses; Debian 12 has 3.40."""
POSTGRESQL: Final = 15
PAGES: Final = "full_page_writes"
ROOM: Final = 1024**3
SKEW: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this is wrong: the program is younger."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at. ``grave``: without a cure the server does not work properly."""

    well: bool
    said: str
    cure: str = ""
    grave: bool = True


def examine(settings: Settings, port: int) -> list[Finding]:
    """Look at everything, without changing anything but one temporary file in the data folder."""
    looks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _versions,
        _spelling,
        _folder,
        _database,
        _clock,
        _phone,
        _keys,
    )
    return [finding for look in looks for finding in look(settings)] + list(_port(port))


def _versions(_settings: Settings) -> Iterator[Finding]:
    have = ".".join(map(str, sys.version_info[:3]))
    yield Finding(sys.version_info[:2] >= PYTHON, f"Python {have}", "请安装 Python 3.11 或更新的版本。")
    yield Finding(
        sqlite3.sqlite_version_info >= SQLITE,
        f"SQLite {sqlite3.sqlite_version}",
        "SQLite 太旧，请升级操作系统（Debian 12 或更新），或换用自带新版 SQLite 的 Python。",
    )


def _spelling(_settings: Settings) -> Iterator[Finding]:
    wrong = misspelt(os.environ)
    if wrong:
        yield Finding(
            well=False,
            said=f"不认识的设置：{'、'.join(wrong)}",
            cure="它们不起作用，请对照 docs/settings.md 检查拼写；分级的设置用两个下划线连接。",
            grave=False,
        )


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data
    if not folder.exists():
        yield Finding(
            well=False,
            said=f"数据目录 {folder} 还没有建立",
            cure="运行 baijiamen serve 会自动建立；如果已有数据，请用 --data 指明它在哪里。",
            grave=False,
        )
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
            probe.flush()
            os.fsync(probe.fileno())
        yield Finding(well=True, said=f"数据目录 {folder} 可以写入")
    except OSError as error:
        yield Finding(
            well=False,
            said=f"数据目录 {folder} 不能写入（{error.strerror}）",
            cure=f"请让运行服务的用户拥有它：chown -R 用户名 {folder}；磁盘满了请先清理。",
        )
    free = shutil.disk_usage(folder).free
    yield Finding(
        free >= ROOM,
        f"剩余磁盘 {free / 1024**3:.1f} GB",
        "不足 1 GB，请清理磁盘或换一块大的，否则新记录会存不进去。",
    )
    open_ = [path.name for path in folder.iterdir() if path.is_file() and path.stat().st_mode & 0o007]
    yield Finding(
        not open_,
        "数据目录里的文件别的用户读不到" if not open_ else f"别的用户能读到：{'、'.join(sorted(open_)[:5])}",
        f"里面有居民的信息，请运行：chmod -R o-rwx {folder}",
        grave=False,
    )


def _database(settings: Settings) -> Iterator[Finding]:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        yield Finding(well=False, said="数据库还没有建立", cure="运行 baijiamen serve 会自动建立。", grave=False)
        return
    try:
        with closing(Database(settings.database_url, readers=1)) as database:
            yield from database.read_now(lambda c: list(_tables(c)))
            yield from database.read_now(lambda c: list(_durable(c)))
    except SQLAlchemyError as error:
        yield Finding(
            well=False,
            said=f"数据库打不开（{type(error).__name__}）",
            cure="请检查文件权限；文件损坏时停下服务，把最近的备份放回数据目录。"
            if url.get_backend_name() == "sqlite"
            else "请检查 PostgreSQL 是否在运行，以及 BAIJIAMEN_DATABASE_URL 里的主机、用户、密码和库名。",
        )


def _tables(connection: Connection) -> Iterator[Finding]:
    have = current(connection)
    yield Finding(have == head(), f"表结构版本 {have or '无'}（最新 {head()}）", "请运行 baijiamen migrate。")
    if have != head():
        return
    yield Finding(
        accounts.any_admin(connection),
        "有管理员" if accounts.any_admin(connection) else "还没有管理员",
        "运行 baijiamen serve 并打开它打印的一次性链接，或 baijiamen user add 登录名 --display-name 姓名 --admin。",
        grave=False,
    )
    begun = unfinished(connection)
    if begun is not None:
        yield Finding(
            well=False,
            said=f"重建没有做完（{from_ms(begun).astimezone(SHANGHAI):%Y-%m-%d %H:%M} 开始）",
            cure="如果它现在没有在运行，请再运行一次 baijiamen rebuild；在此之前列表和统计可能新旧不一。",
            grave=False,
        )
    until = connection.scalar(select(lease.c.until_ms).order_by(lease.c.until_ms.desc()).limit(1))
    alive = until is not None and until > to_ms(SystemClock().now())
    yield Finding(
        alive,
        "提醒进程在运行" if alive else "提醒进程没有运行",
        "运行 baijiamen serve（不加 --no-scheduler），或另开 baijiamen scheduler；否则到期的回访不会提醒。",
        grave=False,
    )


def _durable(connection: Connection) -> Iterator[Finding]:
    if connection.dialect.name == "postgresql":
        yield from _postgresql(connection)
        return
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    yield Finding(
        (mode, synchronous) == ("wal", 2),
        f"数据库写入方式 {mode}，synchronous={synchronous}",
        "数据目录可能在网络盘上，断电会丢记录。请把数据目录放到本机磁盘。",
    )
    broken = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    yield Finding(
        broken == "ok", "数据库文件完好" if broken == "ok" else "数据库文件已损坏", "停下服务，放回最近的备份。"
    )


def _postgresql(connection: Connection) -> Iterator[Finding]:
    version, encoding, flush, pages = connection.execute(
        select(*(func.current_setting(name) for name in ("server_version_num", "server_encoding", "fsync", PAGES)))
    ).one()
    yield Finding(
        int(version) // 10_000 >= POSTGRESQL,
        f"PostgreSQL {int(version) // 10_000}",
        f"请升级到 {POSTGRESQL} 或更新的版本。",
    )
    yield Finding(
        encoding == "UTF8", f"数据库编码 {encoding}", "请另建编码为 UTF8 的库，再用 baijiamen store copy 搬过去。"
    )
    yield Finding(
        (flush, pages) == ("on", "on"),
        f"数据库写入方式 fsync={flush}，{PAGES}={pages}",
        "断电会丢记录。请在 postgresql.conf 里把这两项都设为 on，再重新启动 PostgreSQL。",
    )


def _clock(_settings: Settings) -> Iterator[Finding]:
    try:
        offset = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")).utcoffset()
        yield Finding(offset == timedelta(hours=8), "时区数据可用（Asia/Shanghai）", "请安装系统的 tzdata 软件包。")
    except ZoneInfoNotFoundError:
        yield Finding(well=False, said="没有时区数据", cure="请安装系统的 tzdata 软件包：apt-get install tzdata")
    now = SystemClock().now()
    yield Finding(
        now >= SKEW, f"时钟 {now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）", "时钟不对，请打开系统的自动校时。"
    )
    year = today(SystemClock()).year
    yield Finding(
        published(year),
        f"{year} 年的放假安排{'已收录' if published(year) else '还没有收录'}",
        "请升级 chinesecalendar，或由管理员在日历里填写放假和调休；在此之前按周一至周五算。",
        grave=False,
    )


def _phone(settings: Settings) -> Iterator[Finding]:
    built = (settings.pwa / "index.html").is_file() and (settings.pwa / "sw.js").is_file()
    yield Finding(built, "手机端已构建" if built else f"手机端还没有构建（{settings.pwa}）", "请运行 make setup。")


def _keys(settings: Settings) -> Iterator[Finding]:
    found = settings.data.is_dir() and any(path.name.startswith("vapid") for path in settings.data.iterdir())
    yield Finding(
        found,
        "推送密钥已生成" if found else "推送密钥还没有生成",
        "第一次启动 baijiamen serve 时会自动生成；换机器时请和数据库一起搬，否则已订阅的手机收不到推送。",
        grave=False,
    )


def _port(port: int) -> Iterator[Finding]:
    with socket.socket() as probe:
        busy = probe.connect_ex(("127.0.0.1", port)) == 0
    said = f"端口 {port} 已有服务在运行" if busy else f"端口 {port} 空闲"
    yield Finding(not busy, said, "如果那就是百家门，这是正常的；否则请换一个端口：--port 8001", grave=False)
