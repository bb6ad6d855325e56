"""The real server, killed fifty times while phones push and reminders go out: nothing that it said is lost."""

import os
import random
import re
import shutil
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults.followers import Follower
from tests.faults.fuse import Event, Fuse
from tests.faults.pushers import Caller, Ledger, Phone, Pusher, Tool
from tests.installation import PASSWORD, Installation
from tests.server.channels.listening import Browser, PushService, Received, serving, text

KILLS: Final = 50
SEED: Final = 20261122
MOST: Final = {Event.ASKED: 60, Event.ACKNOWLEDGED: 400, Event.TAKEN: 6}
"""A kill comes after so many of these at most."""

SETTINGS: Final = {
    # Any time of day is the morning, and no time is at night: the test runs whenever it is run.
    "BAIJIAMEN_REMINDERS__DIGEST_AT": "00:00",
    "BAIJIAMEN_REMINDERS__QUIET_FROM": "00:00",
    "BAIJIAMEN_REMINDERS__QUIET_UNTIL": "00:00",
    "BAIJIAMEN_REMINDERS__LATE_AFTER_WORKING_DAYS": "15",  # if midnight passes meanwhile, nothing becomes late
    "BAIJIAMEN_REMINDERS__ESCALATE_AFTER_WORKING_DAYS": "16",
    "BAIJIAMEN_REMINDERS__ATTEMPTS": str(KILLS + 8),
    "BAIJIAMEN_REMINDERS__CLAIM_SECONDS": "8",
    "BAIJIAMEN_SCHEDULING__EVERY_SECONDS": "0.2",
    "BAIJIAMEN_SCHEDULING__LEASE_SECONDS": "2.1",
    "BAIJIAMEN_PUSH__ALLOW_LOOPBACK": "true",
    "BAIJIAMEN_PUSH__TIMEOUT_SECONDS": "5",
    "BAIJIAMEN_ACCOUNTS__ARGON2_TIME_COST": "1",
    "BAIJIAMEN_ACCOUNTS__ARGON2_MEMORY_KIB": "8",
    "BAIJIAMEN_ACCOUNTS__ARGON2_PARALLELISM": "1",
}

AREAS: Final = (
    ("c1", None, "community"),
    ("b1", "c1", "building"),
    ("d-1", "b1", "door"),
    ("d-2", "b1", "door"),
    ("d-3", "b1", "door"),
)
PHONES: Final = (("v1", "d-1", "d-1"), ("v2", "d-1", "d-1"), ("v3", "d-2", "d-2"), ("v4", "b1", "d-3"))
"""Account, area granted, and the door in it at which this phone visits."""
COLLEAGUES: Final = [f"w{number}" for number in range(1, 7)]
"""Accounts that are asked to come back; the first two have two devices."""
READ_MODELS: Final = (
    "household",
    "visit",
    "visit_count",
    "visit_arrival",
    "followup",
    "review",
    "reminder",
    "delivery",
)


class Service(PushService):
    """The push service; what a killed server had not said to the end it has not taken."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self.fuse = fuse
        self.came = threading.Event()
        self.answer = self._taken

    def _taken(self, received: Received) -> tuple[int, dict[str, str]]:
        if is_whole(received):
            self.fuse.happened(Event.TAKEN)
            self.came.set()
        return 201, {}

    def handle_error(self, *_: Any) -> None:
        """Say nothing: the connections of a killed server break."""


@dataclass
class Town:
    """The installation with all who use it."""

    here: Installation
    fuse: Fuse
    service: Service
    browser: Browser
    chance: random.Random
    callers: dict[str, Caller] = field(default_factory=dict)
    pushers: list[Pusher] = field(default_factory=list)
    followers: dict[str, Follower] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    cut_short: set[tuple[str, int]] = field(default_factory=set)
    """Deliveries and their attempts that a kill fell into."""

    @property
    def phones(self) -> list[Phone]:
        return [each for each in self.pushers if isinstance(each, Phone)]

    def caller(self, name: str) -> Caller:
        """Return the account's connection, logged in at first."""
        if name not in self.callers:
            self.callers[name] = Caller(self.here.port, self.fuse)
            self.callers[name].log_in(name, PASSWORD)
        return self.callers[name]

    # -- the beginning -----------------------------------------------------------------------------------------------

    def settle_in(self) -> None:
        self.here.run("user", "add", "admin", "--display-name", "管理员", "--admin", "--password-stdin", stdin=PASSWORD)
        self.here.start()
        admin = self.caller("admin")
        for area, parent, kind in AREAS:
            admin.post("/api/admin/areas", {"id": area, "parent": parent, "kind": kind, "name": area})
        for name, area, role in [
            *((name, area, "visitor") for name, area, _leaf in PHONES),
            *((name, "c1", "visitor") for name in COLLEAGUES),
            ("supervisor", "c1", "supervisor"),
        ]:
            admin.post("/api/admin/accounts", {"name": name, "display_name": name, "password": PASSWORD})
            admin.post("/api/admin/grants", {"account": name, "role": role, "area": area})
        for name in (*(name for name, _area, _leaf in PHONES), *COLLEAGUES):
            for endpoint in self.devices(name):
                keys = {"p256dh": self.browser.p256dh, "auth": text(self.browser.auth)}
                self.caller(name).post("/api/push/subscriptions", {"endpoint": endpoint, "keys": keys})
        assert admin.ask("PUT", "/sync/plain")[0] == 201
        self.ledgers = {"areas": Ledger(), "plain": Ledger()}
        for name, area, leaf in PHONES:
            own = random.Random(self.chance.random())
            phone = Phone(
                self.caller(name), self.fuse, self.ledgers["areas"], own,
                account=name, area=area, leaf=leaf, colleagues=COLLEAGUES,
            )  # fmt: skip
            self.pushers.append(phone)
            self.followers.setdefault(phone.database, Follower(phone.caller, phone.database))
        own = random.Random(self.chance.random())
        self.pushers.append(Tool(Caller(self.here.port, self.fuse), self.fuse, "plain", self.ledgers["plain"], own))
        self.pushers[-1].caller.log_in("admin", PASSWORD)
        for name in self.ledgers:
            self.followers[name] = Follower(admin, name)

    def devices(self, account: str) -> list[str]:
        devices = 2 if account in COLLEAGUES[:2] else 1
        return [f"{self.service.address}/{account}-{number}" for number in range(devices)]

    # -- a kill ------------------------------------------------------------------------------------------------------

    def work_until_killed(self, threads: ThreadPoolExecutor) -> None:
        """Have everybody push at once, until the server is killed at a random moment of the work."""
        process = self.here.process
        assert process is not None
        event = self.chance.choice(list(Event))
        self.fuse.lay(event, self.chance.randint(1, MOST[event]), lambda: os.kill(process.pid, signal.SIGKILL))
        working = [threads.submit(each.push_until_lost) for each in self.pushers]
        done, still = wait(working, timeout=120)
        assert not still
        for each in done:
            each.result()
        assert self.fuse.is_burnt, f"the server ended by itself:\n{self.here.log.read_text()[-4000:]}"
        self.here.kill()
        assert process.returncode == -signal.SIGKILL
        self.cut_short.update(self.rows("SELECT id, attempts FROM delivery WHERE state = 'sending'"))

    def rows(self, query: str) -> list[Any]:
        """Return the first column, read from a copy: what a killed server left is for the next one to mend."""
        copy = self.here.data.parent / "copy.db"
        for suffix in ("", "-wal"):
            source = self.here.data / f"baijiamen.db{suffix}"
            if source.exists():
                shutil.copyfile(source, f"{copy}{suffix}")
            else:
                Path(f"{copy}{suffix}").unlink(missing_ok=True)
        with closing(sqlite3.connect(copy)) as connection:
            return [row[0] if len(row) == 1 else row for row in connection.execute(query)]

    def hang_up(self) -> None:
        """Close every connection: the server at the other end is no more."""
        for each in (*self.callers.values(), *(pusher.caller for pusher in self.pushers)):
            each.hang_up()

    # -- what must hold ----------------------------------------------------------------------------------------------

    def check_what_is_new(self) -> None:
        for each in self.followers.values():
            each.read_on()
        for name, ledger in self.ledgers.items():
            self.followers[name].check(ledger, ledger.fresh)
            ledger.fresh.clear()

    def check_everything(self) -> None:
        self.check_what_is_new()
        for each in self.followers.values():
            each.read_again()
        for name, ledger in self.ledgers.items():
            assert self.followers[name].told.keys() == ledger.acknowledged.keys()
            self.followers[name].check(ledger, ledger.acknowledged)
        ledger = self.ledgers["areas"]
        for _, area, leaf in PHONES:
            scope = {"d-1", "d-2", "d-3"} if area == "b1" else {leaf}
            inside = [each for each, revs in ledger.written.items() if next(iter(revs.values()))["area"] in scope]
            assert self.followers[f"area-{area}"].told.keys() == set(inside)
            self.followers[f"area-{area}"].check(ledger, inside)

    def visits(self) -> list[dict[str, Any]]:
        """Return the supervisor's list, all pages of it."""
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self.caller("supervisor").get(f"/api/visits?limit=200&cursor={cursor}")
            found += page["items"]
            cursor = page["next"]
        return found

    def reminders(self) -> dict[str, Any]:
        """Return what each account sees of its reminders."""
        names = [*(name for name, _area, _leaf in PHONES), *COLLEAGUES]
        return {name: self.caller(name).get("/api/reminders?state=all&limit=500") for name in names}

    def tables(self) -> dict[str, list[Any]]:
        return {name: sorted(self.rows(f"SELECT * FROM {name}"), key=repr) for name in READ_MODELS}

    def wait_until_all_is_told(self) -> None:
        waiting = "SELECT id FROM reminder WHERE state = 'planned' UNION ALL SELECT id FROM delivery WHERE state IN "
        for _ in range(600):
            self.service.came.clear()
            if not self.rows(waiting + "('queued', 'sending')"):
                return
            self.service.came.wait(0.1)
        pytest.fail(f"still waiting: {self.rows(waiting + '(1)')}")

    def messages(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """Return what the push service took, by device and key."""
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for each in filter(is_whole, list(self.service.received)):
            read = self.browser.read(each.body)
            assert each.headers["topic"] == read["key"]
            found.setdefault((self.service.address + each.path, read["key"]), []).append(read)
        return found


def is_whole(received: Received) -> bool:
    return len(received.body) == int(received.headers["content-length"])


def promised(messages: list[dict[str, Any]]) -> int:
    """Return of how many households a message tells; each time it went out it told the same."""
    assert all(each == messages[0] for each in messages)
    told = re.fullmatch(r"今天 (\d+) 户要回访", messages[0]["title"])
    assert told is not None, messages[0]["title"]
    return int(told[1])


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    fuse = Fuse()
    service = Service(fuse)
    here = Installation(tmp_path, settings=SETTINGS)
    with serving(service):
        made = Town(here, fuse, service, Browser(), random.Random(SEED))
        try:
            yield made
        finally:
            here.stop()
            made.hang_up()


@pytest.mark.slow
def test_killed_fifty_times_nothing_acknowledged_or_promised_is_lost(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    town.settle_in()
    with ThreadPoolExecutor(len(PHONES) + 1) as threads:
        for _ in range(KILLS):
            town.work_until_killed(threads)
            town.hang_up()
            town.here.start()
            town.check_what_is_new()
    for each in town.pushers:
        each.push_all()
    town.wait_until_all_is_told()
    town.check_everything()

    # The read models say what the documents say, and so they do when they are made anew; nobody is told again.
    ledger = town.ledgers["areas"]
    visits, reminders = town.visits(), town.reminders()
    best = {each: ledger.may_win(each) for each in ledger.acknowledged if each.startswith("visit:")}
    assert {each["id"]: {each["rev"]} for each in visits} == best
    assert len(visits) == len(best)
    town.here.stop()
    tables, taken = town.tables(), len(town.service.received)
    town.here.run("rebuild")
    assert town.tables() == tables
    assert "released=0, tried=0" in town.here.run("scheduler", "--once")
    town.here.start()
    assert (town.visits(), town.reminders()) == (visits, reminders)
    town.here.stop()
    assert len(town.service.received) == taken

    # Everybody to whom a return was promised is told of each, on every device.
    messages = town.messages()
    owed = Counter(to for phone in town.phones for to in phone.promised.values())
    told = Counter[str]()
    for (device, _key), each in messages.items():
        told[device] += promised(each)
    assert told == {device: count for name, count in owed.items() for device in town.devices(name)}
    assert Counter(town.rows("SELECT followup FROM reminder WHERE kind = 'followup_due'")) == Counter(
        each for phone in town.phones for each in phone.promised
    )

    # A message goes out again only where a kill fell between sending and recording.
    query = "SELECT p.endpoint, d.reminder, d.id FROM delivery d JOIN push_subscription p ON p.id = d.target"
    deliveries = {(endpoint, key): delivery for endpoint, key, delivery in town.rows(query)}
    assert messages.keys() == deliveries.keys()
    repeats = {deliveries[each]: len(sent) - 1 for each, sent in messages.items()}
    cut_short = Counter(delivery for delivery, _attempt in town.cut_short)
    assert not {each: count for each, count in repeats.items() if count > cut_short[each]}
    assert sum(repeats.values()) > 0, "no kill fell between sending and recording: nothing was tried"
    errors = [line for line in town.here.log.read_text().splitlines() if '"level": "error"' in line]
    assert errors == []
    with capsys.disabled():
        acknowledged = sum(len(revs) for each in town.ledgers.values() for revs in each.acknowledged.values())
        print(  # noqa: T201  whoever reads the log sees that there was something to lose
            f"\n{KILLS} kills: {acknowledged} acknowledged revisions, {len(visits)} visits, {owed.total()} follow-ups, "
            f"{len(messages)} messages; {sum(repeats.values())} repeated under their key, "
            f"{len(town.cut_short)} deliveries cut short"
        )
