"""The commands that look after an installation: ``migrate``, ``rebuild``, ``scheduler``, ``schema``, ``doctor``."""

import asyncio
import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from server.cli_opening import data_option, opened, settings_of
from server.clock import SHANGHAI
from server.database.migrate import head, upgrade
from server.logs import configure

BREATH: Final = 0.15
"""Seconds between two writes of a rebuild: a waiting process looks every tenth of a second whether it may write."""


@click.command()
@data_option
def migrate(data: Path | None) -> None:
    """把数据库升级到最新的表结构（serve 启动时会自动做）。"""
    settings = settings_of(data)
    upgrade(settings.database_url)
    print(f"数据库已是最新（{head()}）")


@click.command()
@data_option
def rebuild(data: Path | None) -> None:
    """用记录本身重建列表、统计和提醒所用的表。服务可以照常运行，记录不会变。"""
    from server.rebuilding import rebuild as run  # noqa: PLC0415  only this command needs it

    with opened(data) as here:
        done = run(
            here.database,
            here.store,
            here.clock,
            progress=lambda n: print(f"  {n} 条"),
            rest=lambda: time.sleep(BREATH),
        )
    print(f"已重建，共 {done} 条记录")


@click.command()
@click.option("--once", is_flag=True, help="只检查并发送一遍")
@click.option("--at", default=None, help="配合 --once：当作这个时间来做，如 2026-11-23T08:30:00+08:00")
@data_option
def scheduler(data: Path | None, at: str | None, *, once: bool) -> None:
    """单独的提醒进程。可以开几个，同一时间只有一个在工作。"""
    from server.scheduling.process import run_once, run_scheduler  # noqa: PLC0415  it brings the channels

    if at is not None and not once:
        raise click.UsageError("--at 只能和 --once 一起用。")
    settings = settings_of(data)
    upgrade(settings.database_url)
    configure(settings.log_level)
    if once:
        print(asyncio.run(run_once(settings, at=None if at is None else _moment(at))))
    else:
        asyncio.run(run_scheduler(settings))


@click.command()
def schema() -> None:
    """打印各类记录的 JSON Schema（手机端的类型由它生成）。"""
    from server.documents.json_schema import schemas  # noqa: PLC0415  only this command needs it

    print(json.dumps(schemas(), ensure_ascii=False, indent=2, sort_keys=True))


@click.command()
@click.option("--port", default=8000, show_default=True, help="要检查的端口")
@data_option
def doctor(data: Path | None, port: int) -> None:
    """检查安装，用白话说哪里不对、怎么办。有问题时退出码为 1。"""
    from server.doctor import examine  # noqa: PLC0415  only this command needs it

    findings = examine(settings_of(data), port)
    for each in findings:
        print(f"{'✓' if each.well else '✗' if each.grave else '!'} {each.said}")
        if not each.well:
            print(f"    → {each.cure}")
    bad = sum(not each.well and each.grave for each in findings)
    print(
        "一切正常"
        if all(each.well for each in findings)
        else f"{bad} 处必须处理"
        if bad
        else "可以使用，有几处可以改进"
    )
    sys.exit(1 if bad else 0)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("时间写法不对，应像 2026-11-23T08:30:00+08:00", param_hint="--at") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)
