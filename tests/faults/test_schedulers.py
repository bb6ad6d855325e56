"""Schedulers as real processes on one database: they share the work, and one that is killed loses nothing."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.accounts import repository as accounts
from server.accounts.models import Grant, Role
from server.areas import repository as areas
from server.areas.models import Area, AreaKind
from server.channels import targets
from server.channels.targets import Subscription
from server.database.tables import metadata
from server.followups import projection
from sync.store.database import Database
from tests.server.channels.listening import Browser, PushService, serving, text
from tests.server.reminders.ground import followup

REMINDERS = 200
MORNING = "2026-11-24T08:30:00+08:00"
AFTER_THE_CLAIM = "2026-11-24T08:32:01+08:00"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def service() -> Iterator[PushService]:
    made = PushService()
    with serving(made):
        yield made


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def data(tmp_path: Path, service: PushService, browser: Browser) -> Path:
    """A data folder in which 200 people have one promise each for the morning, and one device each."""

    def fill(c: Any) -> None:
        areas.add(c, [Area("d1", None, AreaKind.DOOR, "门", ("d1",))])
        for number in range(1, REMINDERS + 1):
            name = f"v{number:03d}"
            accounts.add(c, name=name, display_name=name, password_hash="x", admin=False, created_ms=0)
            accounts.add_grant(c, name, Grant(Role.VISITOR, "d1"), 0)
            endpoint = f"{service.address}/{name}"
            device = Subscription(targets.id_of(endpoint), name, endpoint, browser.p256dh, text(browser.auth))
            targets.subscribe(c, device, now_ms=0, most=1)
        projection.project(c, [followup(n, "2026-11-24", by=f"v{n:03d}") for n in range(1, REMINDERS + 1)])

    database = Database(f"sqlite:///{tmp_path / 'baijiamen.db'}")
    database.write_now(metadata.create_all)
    database.write_now(fill)
    database.close()
    return tmp_path


def start(data: Path, moment: str = MORNING, batch: int = 10) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.one_pass", str(data), moment, str(batch)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def states(data: Path) -> Counter[str]:
    database = Database(f"sqlite:///{data / 'baijiamen.db'}")
    query = "SELECT state FROM delivery WHERE channel = 'web_push'"
    found = database.read_now(lambda c: Counter(c.exec_driver_sql(query).scalars()))
    database.close()
    return found


def test_four_processes_deliver_200_reminders_each_once(data: Path, service: PushService, browser: Browser) -> None:
    processes = [start(data) for _ in range(4)]
    for each in processes:
        go(each)
    done = [each.communicate()[0].split() for each in processes]
    assert [each.returncode for each in processes] == [0] * 4
    assert sum(int(released) for released, _tried in done) == REMINDERS
    assert sum(int(tried) for _released, tried in done) == REMINDERS
    assert sorted(each.path for each in service.received) == [f"/v{n:03d}" for n in range(1, REMINDERS + 1)]
    assert len({browser.read(each.body)["key"] for each in service.received}) == REMINDERS
    assert states(data) == {"sent": REMINDERS}


def test_killed_in_the_gap_only_what_was_in_it_is_sent_again_under_its_key(
    data: Path, service: PushService, browser: Browser
) -> None:
    victim = start(data, batch=4)
    sent = Counter[str]()

    def kill_at_the_fiftieth(received: Any) -> tuple[int, dict[str, str]]:
        sent[received.path] += 1
        if len(service.received) == 50:
            os.kill(victim.pid, signal.SIGKILL)  # it has been sent; the answer will not be heard
        return 201, {}

    service.answer = kill_at_the_fiftieth
    go(victim)
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL
    left = states(data)
    assert left["sending"] >= 1
    rescue = start(data, AFTER_THE_CLAIM)
    go(rescue)
    rescue.communicate()
    assert rescue.returncode == 0
    assert states(data) == {"sent": REMINDERS}
    keys: dict[str, set[str]] = {}
    for each in service.received:
        keys.setdefault(each.path, set()).add(browser.read(each.body)["key"])
    assert len(keys) == REMINDERS
    assert all(len(each) == 1 for each in keys.values())
    repeated = [path for path, count in Counter(each.path for each in service.received).items() if count > 1]
    assert 1 <= len(repeated) <= left["sending"]
