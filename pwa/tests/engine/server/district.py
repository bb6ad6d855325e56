"""The real server over a throw-away folder, for the engine's tests: one community, two doors, and their people.

Prints its port when it listens. Each line on standard input is a command, answered with one line: ``grant NAME ROLE
AREA``, ``revoke NAME ROLE AREA``, ``expire NAME`` (ends all sessions), ``backup``, ``restore`` (stops, puts the backup
back, starts again at the same port), ``quit``; it ends with its input too.
"""

import asyncio
import logging
import shutil
import sys
import tempfile
from pathlib import Path

import uvicorn
from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.accounts.models import Grant, Role
from server.accounts.settings import AccountSettings
from server.app import create_app
from server.areas import repository as areas
from server.areas.models import Area, AreaKind
from server.cli_backup import backup, restored
from server.database.migrate import upgrade
from server.settings import Settings

OUT = sys.stdout
"""For our answers alone: what commands print goes to standard error."""
PASSWORD = "winter-plum-22"
TREE = (
    Area("c-01", None, AreaKind.COMMUNITY, "新华社区", ("c-01",)),
    Area("b-0103", "c-01", AreaKind.BUILDING, "3号楼", ("c-01", "b-0103")),
    Area("d-010302", "b-0103", AreaKind.DOOR, "2门", ("c-01", "b-0103", "d-010302")),
    Area("d-010303", "b-0103", AreaKind.DOOR, "3门", ("c-01", "b-0103", "d-010303")),
)
PEOPLE = (
    ("lihua", "李华", Role.VISITOR, "d-010302"),
    ("zhao", "赵敏", Role.VISITOR, "d-010302"),
    ("wang", "王书记", Role.SUPERVISOR, "c-01"),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, copy = Path(folder, "data"), Path(folder, "copy")
        cheap = AccountSettings(argon2_time_cost=1, argon2_memory_kib=8, argon2_parallelism=1)
        settings = Settings(data=data, pwa=data, accounts=cheap, log_level="ERROR")
        upgrade(settings.database_url)
        app = create_app(settings)
        app.state.database.write_now(lambda c: people(c, app.state.passwords.hash_now(PASSWORD)))
        logging.disable(logging.WARNING)
        port = 0
        while port := asyncio.run(serve(app, port, copy)):
            shutil.rmtree(data)
            shutil.copytree(copy, data)
            restored.main(["--data", str(data)], standalone_mode=False)
            app = create_app(settings)


def people(connection: Connection, password_hash: str) -> None:
    areas.add(connection, TREE)
    for name, shown, role, area in PEOPLE:
        accounts.add(connection, name=name, display_name=shown, password_hash=password_hash, admin=False, created_ms=0)
        accounts.add_grant(connection, name, Grant(role, area), 0)


async def serve(app, port: int, copy: Path) -> int:
    """Serve until told otherwise; return the port to serve at again after a restore, 0 for the end."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=1)
    )
    running = asyncio.create_task(server.serve())
    while not server.started and not running.done():
        await asyncio.sleep(0.01)
    again = server.servers[0].sockets[0].getsockname()[1]
    said("ok" if port else str(again))
    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
        command, *rest = line
        if command == "restore":
            break
        if command == "quit":
            again = 0
            break
        if command == "backup":
            words = [str(copy), "--data", str(app.state.settings.data)]
            await asyncio.to_thread(backup.main, words, standalone_mode=False)
        else:
            app.state.database.write_now(lambda c, command=command, rest=rest: obey(c, command, *rest))
        said("ok")
    else:
        again = 0
    server.should_exit = True
    await running
    return again


def said(line: str) -> None:
    print(line, file=OUT, flush=True)


def obey(connection: Connection, command: str, name: str, role: str = "", area: str = "") -> None:
    if command == "expire":
        accounts.end_sessions(connection, name)
    elif command == "grant":
        accounts.add_grant(connection, name, Grant(Role(role), area), 0)
    elif command == "revoke":
        accounts.remove_grant(connection, name, Grant(Role(role), area))


sys.stdout = sys.stderr
main()
