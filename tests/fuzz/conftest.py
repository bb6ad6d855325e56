"""Servers to be asked, each in a process of its own that can be asked how it is."""

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from server.cli import main
from tests.fuzz.watch import Process
from tests.installation import PASSWORD

LIMITS: Final = {
    "body": 2_000_000,
    "document": 100_000,
    "attachment": 4_000_000,
    "bulk": 600,
    "feeds": 60,
    "feeds_each": 30,
    "poll_seconds": 2.0,
}
SETTINGS: Final = {
    "BAIJIAMEN_ACCOUNTS__ARGON2_TIME_COST": "1",
    "BAIJIAMEN_ACCOUNTS__ARGON2_MEMORY_KIB": "8",
    "BAIJIAMEN_ACCOUNTS__ARGON2_PARALLELISM": "1",
    "BAIJIAMEN_ACCOUNTS__LOGIN_TRIES_PER_CLIENT": "1000000000",
}

Serving = Callable[[str], Process]


@pytest.fixture
def protocol(tmp_path: Path) -> Iterator[Serving]:
    """Start the protocol's server alone, on a folder or on a database."""
    started = []

    def start(place: str) -> Process:
        started.append(Process(tmp_path, "protocol", place, "0", json.dumps(LIMITS), environment={}))
        return started[0]

    yield start
    for process in started:
        process.stop()
    sound(tmp_path / "store.db")


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Serving]:
    """Start the application, on a database, with an administrator, an area and its visitor."""
    started = []
    settings = dict(SETTINGS)
    data = tmp_path / "data"

    def run(*arguments: str) -> None:
        done = CliRunner(env=settings).invoke(main, [*arguments, "--data", str(data)], input=PASSWORD + "\n")
        assert done.exit_code == 0, done.output

    def start(url: str) -> Process:
        if url:
            settings["BAIJIAMEN_DATABASE_URL"] = url
        run("area", "add", "c1", "--kind", "community", "--name", "社区")
        run("area", "add", "d-1", "--parent", "c1", "--kind", "door", "--name", "1门")
        run("user", "add", "admin", "--display-name", "陈", "--password-stdin", "--admin")
        run("user", "add", "phone", "--display-name", "李", "--password-stdin")
        run("grant", "add", "phone", "visitor", "d-1")
        started.append(Process(tmp_path, "serve", "--data", str(data), "--port", "0", environment=settings))
        return started[0]

    yield start
    for process in started:
        process.stop()
        run("doctor", "--port", "0")
    sound(data / "baijiamen.db")


def sound(file: Path) -> None:
    """Assert that a database file is whole; PostgreSQL has none."""
    if file.exists():
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
