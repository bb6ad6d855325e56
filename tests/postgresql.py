"""A PostgreSQL of the test run's own, from Debian's binaries: in a new folder, on a Unix socket, gone afterwards.

It flushes to disk as an installation's does (``fsync`` on). It sorts text as Chinese dictionaries do, so that every
order that must be one of code points has to say so.
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

BINARIES = Path(os.environ.get("BAIJIAMEN_TEST_POSTGRESQL", "/usr/lib/postgresql/15/bin"))
PORT = 5432
"""Part of the socket's name only: nothing listens on the network."""
WANTED = os.environ.get("BAIJIAMEN_TEST_DATABASE") == "postgresql"
"""Whether the tests of the protocol and of the application run on PostgreSQL: the same tests, on request."""
INITIAL = (
    "--username postgres --auth trust --no-sync --encoding UTF8 --locale C.UTF-8 --locale-provider icu --icu-locale zh"
)
START_SECONDS = 60


class Cluster:
    """A running PostgreSQL, and databases in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def url(self, name: str) -> str:
        """Return SQLAlchemy's URL of a database."""
        made = URL.create("postgresql+psycopg", "postgres", database=name, query={"host": str(self.folder)})
        return made.render_as_string(hide_password=False)

    def create(self, template: str = "template0") -> str:
        """Return the URL of a new database."""
        name = f"test{next(self._numbers)}"
        self._run("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected."""
        self._run("DROP DATABASE {} WITH (FORCE)", url.partition("?")[0].rpartition("/")[2])

    def connect(self, name: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=name, autocommit=True)

    def _run(self, statement: str, *names: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def running() -> Iterator[Cluster]:
    """Start a cluster; stop it by its process id."""
    if not (BINARIES / "postgres").exists():
        raise RuntimeError(f"no PostgreSQL in {BINARIES}: run `make postgresql`, or set BAIJIAMEN_TEST_POSTGRESQL")
    folder = Path(tempfile.mkdtemp(prefix="baijiamen-pg-"))
    user = _user()
    try:
        if user:
            shutil.chown(folder, user, user)
        data, log = folder / "data", folder / "log"
        subprocess.run(
            [BINARIES / "initdb", "--pgdata", data, *INITIAL.split()],
            check=True,
            user=user,
            group=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        settings = {"listen_addresses": "", "unix_socket_directories": folder, "max_connections": 200}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [BINARIES / "postgres", "-D", data, "-p", str(PORT)]
                + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")],
                user=user,
                group=user,
                cwd=folder,
                stdout=out,
                stderr=out,
            )
        try:
            cluster = Cluster(folder)
            _wait(cluster, process, log)
            yield cluster
        finally:
            process.send_signal(signal.SIGINT)  # "fast": ends connections, keeps what is stored
            process.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """Return who shall run it: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _wait(cluster: Cluster, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            cluster.connect().close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.02)  # between two looks at a socket that is not there yet
        else:
            return
