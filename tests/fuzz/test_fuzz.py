"""All that can be sent to ``/sync``, for a few seconds; with ``BAIJIAMEN_FUZZ_SECONDS`` for as long as that says.

``BAIJIAMEN_FUZZ_SEED`` chooses other dice. What was found is told with the request as it went over the wire.
"""

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.fuzz.campaign import SECONDS, Campaign, roles
from tests.fuzz.watch import Process
from tests.fuzz.world import World
from tests.installation import PASSWORD, Installation
from tests.postgresql import Cluster

LIMITS: Final = {
    "body": 2_000_000,
    "document": 100_000,
    "attachment": 4_000_000,
    "bulk": 600,
    "feeds": 60,
    "feeds_each": 30,
    "poll_seconds": 2.0,
}
DATABASES: Final = ("w0", "w1", "_replicator")
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
    made = Installation(tmp_path, settings=settings)

    def start(url: str) -> Process:
        if url:
            made.environment["BAIJIAMEN_DATABASE_URL"] = settings["BAIJIAMEN_DATABASE_URL"] = url
        made.run("area", "add", "c1", "--kind", "community", "--name", "社区")
        made.run("area", "add", "d-1", "--parent", "c1", "--kind", "door", "--name", "1门")
        words = ["--display-name", "陈", "--password-stdin"]
        made.run("user", "add", "admin", *words, "--admin", stdin=PASSWORD + "\n")
        made.run("user", "add", "phone", *words, stdin=PASSWORD + "\n")
        made.run("grant", "add", "phone", "visitor", "d-1")
        started.append(Process(tmp_path, "serve", "--data", str(made.data), "--port", "0", environment=settings))
        return started[0]

    yield start
    for process in started:
        process.stop()
        made.run("doctor")
    sound(made.data / "baijiamen.db")


def sound(file: Path) -> None:
    """Assert that a database file is whole; PostgreSQL has none."""
    if file.exists():
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def against(process: Process, password: str, area: str, share: float) -> None:
    known = roles(basic("admin", password), basic("phone", password), area=area, databases=DATABASES)
    Campaign(process, World(known), seconds=SECONDS or 8 * share).run()


def test_the_protocol(protocol: Serving, tmp_path: Path) -> None:
    against(protocol(str(tmp_path)), "pass", "area-d-1", 0.5)


def test_the_protocol_on_postgresql(protocol: Serving, cluster: Cluster) -> None:
    against(protocol(cluster.create()), "pass", "area-d-1", 0.2)


def test_the_application(application: Serving) -> None:
    against(application(""), PASSWORD, "area-d-1", 0.3)


def test_the_application_on_postgresql(application: Serving, cluster: Cluster) -> None:
    if not SECONDS:
        pytest.skip("the long form only: set BAIJIAMEN_FUZZ_SECONDS")
    against(application(cluster.create()), PASSWORD, "area-d-1", 0.0)
