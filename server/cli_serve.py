"""``baijiamen serve`` and ``baijiamen demo``."""

import gc
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import click
import uvicorn
from litestar import Litestar

from server.accounts.controllers import invitation
from server.app import create_app
from server.cli_opening import data_option, opened, settings_of
from server.database.migrate import upgrade
from server.errors import Conflict
from server.logs import configure
from server.settings import Settings

GRACE_SECONDS = 5
"""How long open feeds and requests may go on after the signal to stop; phones come back by themselves."""
KEPT_SECONDS = 75
"""How long a connection that rests stays open: longer than proxies keep theirs (nginx 60 s), so that none sends a
request into a connection that is being closed; and a phone that saves twice in a minute opens one connection."""

host_option = click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址")
port_option = click.option("--port", default=8000, show_default=True, help="监听的端口；0 为任一空闲端口")


@click.command()
@host_option
@port_option
@click.option("--no-scheduler", is_flag=True, help="本进程不发提醒（另有 baijiamen scheduler 时）")
@data_option
def serve(host: str, port: int, data: Path | None, *, no_scheduler: bool) -> None:
    """启动服务。数据目录是空的也可以：会建好数据库，并打印设立管理员的一次性链接。"""
    settings = settings_of(data, scheduler=not no_scheduler)
    upgrade(settings.database_url)
    run(settings, host, port)


@click.command()
@click.option("--full", is_flag=True, help="整个区：13 万户和一年的走访（需要几分钟）；默认只装一小部分")
@click.option("--no-serve", is_flag=True, help="只装数据，不启动服务")
@host_option
@port_option
@data_option
def demo(host: str, port: int, data: Path | None, *, full: bool, no_serve: bool) -> None:
    """装好一个演示用的区并启动服务。人名、电话都是编的。"""
    from server.demo import people  # noqa: PLC0415  only the demo needs it
    from server.demo.district import ADMIN, STREET, SUPERVISOR, VISITOR  # noqa: PLC0415
    from server.demo.service import load  # noqa: PLC0415

    folder = data or Path(".demo")
    with opened(folder) as here:
        print(f"正在准备演示数据：{folder}")
        summary = load(here.database, here.store, here.clock, full=full, progress=lambda line: print(f"  {line}"))
        settings = here.settings.model_copy(update={"scheduler": True})
    print(f"住户 {summary.households} 户、走访 {summary.visits} 次为新装入" if summary.added else "演示数据已经在了")
    print("演示账号（密码都是 " + people.PASSWORD + "）：")
    for name, what in (
        (VISITOR, "走访党员，手机上用"),
        (SUPERVISOR, "社区负责人，审阅走访"),
        (STREET, "街道负责人"),
        (ADMIN, "管理员"),
    ):
        print(f"  {name:<18}{what}")
    if not no_serve:
        run(settings, host, port)


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop (SIGTERM, SIGINT). The database must be current."""
    configure(settings.log_level)
    listening = _listen(host, port)
    address = _address(host, listening.getsockname()[1])
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",  # we have no sockets, and uvicorn lets a POST that asks for one wait for ever
        lifespan="on",
        access_log=False,
        log_config=None,
        proxy_headers=False,  # server.origin does it, for trusted proxies only
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEPT_SECONDS,
    )
    # A batch of documents makes many objects and no cycles: looking for cycles as often as Python does by default cost
    # a third of a push.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    # The server passes the signal on when it has finished: a stop that was asked for is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        _Server(config, address, _first_link(app, settings)).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, address: str, link: str | None) -> None:
        super().__init__(config)
        self._address = address
        self._link = link

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"百家门已启动：{self._address}", flush=True)
            if self._link is not None:
                print(f"还没有管理员。请打开这个一次性链接设立第一位：{self._address}{self._link}", flush=True)


def _first_link(app: Litestar, settings: Settings) -> str | None:
    try:
        return str(app.state.database.write_now(lambda c: invitation(c, app.state.clock, settings)))
    except Conflict:
        return None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise click.ClickException(
            f"{host} 的端口 {port} 用不了（{error.strerror}）。可能已有服务在运行，请换一个：--port 8001"
        ) from error
    return listening


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  it is only shown
    return f"http://{shown}:{port}"
