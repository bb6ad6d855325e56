"""Three server processes on one PostgreSQL, eight writers, eight feeds: no feed misses a document or reorders any.

``BAIJIAMEN_RACE_SECONDS`` says for how long they write; 8 without it.
"""

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import pytest

from tests.installation import PASSWORD, Installation
from tests.postgresql import Cluster

SECONDS: Final = float(os.environ.get("BAIJIAMEN_RACE_SECONDS", "8"))
CATCH_UP_SECONDS: Final = 30
PROCESSES: Final = 3
DATABASES: Final = ("race", "area-c1", "race", "area-c1", "race", "area-c1", "race", "area-c1")
"""Of each writer, and of each reader: half use a plain database, half an area's view."""
SETTINGS: Final = {
    "BAIJIAMEN_ACCOUNTS__ARGON2_TIME_COST": "1",
    "BAIJIAMEN_ACCOUNTS__ARGON2_MEMORY_KIB": "8",
    "BAIJIAMEN_ACCOUNTS__ARGON2_PARALLELISM": "1",
    "BAIJIAMEN_SCHEDULING__EVERY_SECONDS": "0.5",
}

Seen = list[tuple[int, str, str]]


@dataclass
class Race:
    """What was acknowledged, and when it is over."""

    over: threading.Event = field(default_factory=threading.Event)
    acknowledged: dict[str, dict[str, str]] = field(default_factory=lambda: {"race": {}, "area-c1": {}})
    """The last revision of each document, by database; complete once ``ended`` is set."""
    ended: float = 0.0
    """When the last writer had ended."""

    def goes_on(self, database: str, seen: Seen) -> bool:
        """Return whether a feed has something to wait for: until it has shown all, or had time enough to."""
        if not self.ended:
            return True
        return latest(seen) != self.acknowledged[database] and time.monotonic() < self.ended + CATCH_UP_SECONDS


class Client:
    """One kept connection to one process, logged in as the administrator."""

    def __init__(self, server: Installation) -> None:
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=90)
        self._cookie = ""
        self.ask("POST", "/api/session", {"name": "chen", "password": PASSWORD})

    def open(self, method: str, path: str, body: object = None) -> Any:
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, {"Content-Type": "application/json", "Cookie": self._cookie})
        response = self._connection.getresponse()
        if cookie := response.headers["set-cookie"]:
            self._cookie = cookie.partition(";")[0]
        assert response.status in {200, 201}, (response.status, response.read())
        return response

    def ask(self, method: str, path: str, body: object = None) -> Any:
        return json.loads(self.open(method, path, body).read())

    def close(self) -> None:
        self._connection.close()


def write(race: Race, server: Installation, database: str, name: str) -> int:
    """Write new documents and edit old ones, in batches, until the race is over; return how many were written."""
    told: dict[str, str] = {}
    written = 0
    with closing(Client(server)) as client:
        for turn in itertools.count():
            if race.over.is_set():
                break
            ids = [f"household:d-1:{name}-{turn}-{n}" for n in range(turn % 7 + 1)] + list(told)[-(turn % 4) :]
            docs = [
                document(each, turn) | ({"_rev": told[each]} if each in told else {}) for each in dict.fromkeys(ids)
            ]
            for answer in client.ask("POST", f"/sync/{database}/_bulk_docs", {"docs": docs}):
                told[answer["id"]] = answer["rev"]
                written += 1
    race.acknowledged[database] |= told
    return written


def document(id_: str, turn: int) -> dict[str, Any]:
    door = id_.rpartition(":")[2]
    known = {"type": "household", "area": "d-1", "by": "chen", "at": "2026-11-22T10:00:00+08:00", "v": 1}
    return {"_id": id_, **known, "door": door, "address": f"3号楼1门{door}", "name": "周老伯", "note": f"第{turn}次"}


def long_polls(race: Race, server: Installation, database: str) -> Seen:
    seen: Seen = []
    since = "0"
    with closing(Client(server)) as client:
        while race.goes_on(database, seen):
            told = client.ask("GET", f"/sync/{database}/_changes?feed=longpoll&timeout=2000&since={since}")
            for each in told["results"]:
                take(seen, each)
            since = told["last_seq"]
            assert number(since) >= (seen[-1][0] if seen else 0)
    return seen


def continuous(race: Race, server: Installation, database: str) -> Seen:
    seen: Seen = []
    since = "0"
    while race.goes_on(database, seen):
        with closing(Client(server)) as client:
            path = f"/sync/{database}/_changes?feed=continuous&timeout=2000&since={since}"
            for line in client.open("GET", path):
                told = json.loads(line) if line.strip() else {}
                if "last_seq" in told:  # nothing came for two seconds
                    since = told["last_seq"]
                    break
                if told:
                    take(seen, told)
    return seen


def take(seen: Seen, told: dict[str, Any]) -> None:
    """Note one change. Fails as soon as a sequence is not above the one before it."""
    seen.append((number(told["seq"]), told["id"], told["changes"][0]["rev"]))
    assert len(seen) < 2 or seen[-2][0] < seen[-1][0], seen[-2:]


def latest(seen: Seen) -> dict[str, str]:
    return {id_: rev for _, id_, rev in seen}


def number(seq: str) -> int:
    return int(str(seq).partition("-")[0])


@pytest.fixture
def servers(cluster: Cluster, tmp_path: Path) -> Iterator[list[Installation]]:
    """Three processes, all with a scheduler, on one new database; an administrator ``chen`` and an area."""
    url = cluster.create()
    settings = {**SETTINGS, "BAIJIAMEN_DATABASE_URL": url}
    made = [Installation(tmp_path / str(n), settings=settings) for n in range(PROCESSES)]
    for each in made:
        each.data.mkdir(parents=True)
    one = made[0]
    one.run("area", "add", "c1", "--kind", "community", "--name", "社区")
    one.run("area", "add", "d-1", "--parent", "c1", "--kind", "door", "--name", "1门")
    words = ["--display-name", "陈", "--admin", "--password-stdin"]
    one.run("user", "add", "chen", *words, stdin=PASSWORD + "\n")
    try:
        with ThreadPoolExecutor(PROCESSES) as threads:
            list(threads.map(Installation.start, made))
        yield made
    finally:
        for each in made:
            each.stop()
        cluster.drop(url)


def test_no_feed_misses_or_reorders_what_several_processes_write(
    servers: list[Installation], capsys: pytest.CaptureFixture[str]
) -> None:
    race = Race()
    with closing(Client(servers[0])) as client:
        client.ask("PUT", "/sync/race")
    readers: list[Callable[[Race, Installation, str], Seen]] = [long_polls, long_polls, continuous, continuous] * 2
    with ThreadPoolExecutor(16) as threads:
        writing = [
            threads.submit(write, race, servers[(n + 1) % PROCESSES], database, f"w{n}")
            for n, database in enumerate(DATABASES)
        ]
        reading = [
            threads.submit(reader, race, servers[n % PROCESSES], database)
            for n, (reader, database) in enumerate(zip(readers, DATABASES, strict=True))
        ]
        wait([*writing, *reading], timeout=SECONDS, return_when=FIRST_EXCEPTION)
        race.over.set()
        wait(writing)
        race.ended = time.monotonic()
    written = sum(each.result() for each in writing)
    shown: dict[str, dict[int, tuple[str, str]]] = {"race": {}, "area-c1": {}}
    for one, database in zip(reading, DATABASES, strict=True):
        assert latest(one.result()) == race.acknowledged[database]
        for seq, id_, rev in one.result():
            assert shown[database].setdefault(seq, (id_, rev)) == (id_, rev)  # the same order for all who look
    with capsys.disabled():
        events = sum(len(one.result()) for one in reading)
        told = f"{SECONDS:.0f} s: {written:,} revisions written, {events:,} changes read by {len(reading)} feeds"
        sys.stderr.write(f"\n{told}\n")
