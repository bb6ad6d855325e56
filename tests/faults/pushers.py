"""Phones and a tool as the server's port sees them: they write revisions, push them, and remember what was said."""

import hashlib
import json
import random
import time
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import Any, Final

from server.clock import SHANGHAI
from server.documents.ulid import ulid
from tests.faults.fuse import Event, Fuse

Document = dict[str, Any]

LOST: Final = (ConnectionError, HTTPException)
"""How it looks from here when the server is killed."""
IDLE: Final = 2.0
"""Seconds after which a kept connection is not trusted."""


class Caller:
    """One connection to the server, logged in."""

    def __init__(self, port: int, fuse: Fuse) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._fuse = fuse
        self._cookie = ""
        self._heard = time.monotonic()

    def log_in(self, name: str, password: str) -> None:
        status, _ = self.ask("POST", "/api/session", {"name": name, "password": password})
        assert status in {200, 201}

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and parsed answer. Raises one of :data:`LOST` when there is none, or half of one."""
        text = None if body is None else json.dumps(body)
        if time.monotonic() - self._heard > IDLE:
            self.hang_up()  # the server may be closing it just now
        try:
            self._connection.request(method, path, text, {"Content-Type": "application/json", "Cookie": self._cookie})
            self._fuse.happened(Event.ASKED)
            response = self._connection.getresponse()
            raw = response.read()
        except LOST:
            self.hang_up()
            raise
        self._heard = time.monotonic()
        if cookie := response.headers["set-cookie"]:
            self._cookie = cookie.partition(";")[0]
        return response.status, json.loads(raw) if raw else None

    def get(self, path: str) -> Any:
        status, told = self.ask("GET", path)
        assert status == 200, (path, status, told)
        return told

    def post(self, path: str, body: object) -> Any:
        status, told = self.ask("POST", path, body)
        assert status in {200, 201}, (path, status, told)
        return told

    def hang_up(self) -> None:
        self._connection.close()


@dataclass
class Ledger:
    """What was written for one stored database, by whomever, and what they were told of it."""

    written: dict[str, dict[str, Document]] = field(default_factory=dict)
    """Every revision's body, by id and revision."""
    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    """Ids of which something was acknowledged since the last look."""

    def may_win(self, document: str) -> set[str]:
        """Return the revisions that may win now: the best acknowledged one, or one sent without hearing back."""
        best = max(self.acknowledged[document], key=_order)
        better = {rev for rev in self.written[document] if _order(rev) > _order(best)}
        return {best} | better


class Pusher:
    """Pushes to one database, as a replicator does: what is missing there, and again until it is acknowledged."""

    def __init__(self, caller: Caller, fuse: Fuse, database: str, ledger: Ledger, chance: random.Random) -> None:
        self.caller = caller
        self.database = database
        self.ledger = ledger
        self.chance = chance
        self._fuse = fuse
        self._outbox: dict[str, Document] = {}
        self._lines: dict[str, list[str]] = {}

    def write(self) -> None:
        """Write some documents, without telling anybody."""
        raise NotImplementedError

    def save(self, document: Document) -> None:
        """Put a new revision of the document into the outbox."""
        line = self._lines.setdefault(document["_id"], [])
        text = json.dumps([self.database, line, document], sort_keys=True)
        line.insert(0, hashlib.md5(text.encode()).hexdigest())
        rev = f"{len(line)}-{line[0]}"
        self._outbox[document["_id"]] = {
            **document,
            "_rev": rev,
            "_revisions": {"start": len(line), "ids": list(line)},
        }
        self.ledger.written.setdefault(document["_id"], {})[rev] = document

    def push(self) -> None:
        """Push what waits. Raises one of :data:`LOST` when the server is lost on the way."""
        waiting = dict(self._outbox)
        asked = {each: [document["_rev"]] for each, document in waiting.items()}
        missing = self.caller.post(f"/sync/{self.database}/_revs_diff", asked)
        assert missing.keys() <= asked.keys()
        self._settle([document for each, document in waiting.items() if each not in missing])
        wanted = [waiting[each] for each in missing]
        if wanted:
            refused = self.caller.post(f"/sync/{self.database}/_bulk_docs", {"new_edits": False, "docs": wanted})
            assert refused == []
            self._settle(wanted)

    def push_all(self) -> None:
        """Push until nothing waits."""
        while self._outbox:
            self.push()

    def push_until_lost(self) -> None:
        """Write and push until the server is gone."""
        try:
            while True:
                if not self._outbox:
                    self.write()
                self.push()
        except LOST:
            pass

    def _settle(self, documents: list[Document]) -> None:
        for each in documents:
            self.ledger.acknowledged.setdefault(each["_id"], set()).add(each["_rev"])
            self.ledger.fresh.add(each["_id"])
            del self._outbox[each["_id"]]
        if documents:
            self._fuse.happened(Event.ACKNOWLEDGED, len(documents))


class Phone(Pusher):
    """A visitor's phone: households, visits, and for some a promise for today, to itself or to a colleague."""

    def __init__(
        self,
        caller: Caller,
        fuse: Fuse,
        ledger: Ledger,
        chance: random.Random,
        *,
        account: str,
        area: str,
        leaf: str,
        colleagues: list[str],
    ) -> None:
        super().__init__(caller, fuse, f"area-{area}", ledger, chance)
        self.promised: dict[str, str] = {}
        """Whom each follow-up is to remind."""
        self._account = account
        self._leaf = leaf
        self._colleagues = colleagues
        self._numbers = count(1)
        self._own: list[Document] = []

    def write(self) -> None:
        for _ in range(self.chance.randint(1, 6)):
            self._visit(next(self._numbers))
        if self._own and self.chance.random() < 0.5:
            self._mend(self.chance.choice(self._own))

    def _visit(self, number: int) -> None:
        shared = self.chance.random() < 0.1
        door = f"S{number}" if shared else f"{self._account}-{number}"  # S12 is behind other phones' doors too
        household = f"household:{self._leaf}:{door}"
        self.save(self._base(household) | {"door": door, "address": f"3号楼1门{door}", "name": "周老伯", "floor": 5})
        note = "楼道灯坏了，下次带灯泡来；老人腿脚不便，买菜要人帮忙。" * self.chance.randint(1, 4)
        visit = self._base(f"visit:{self._ulid()}") | {"household": household, "outcome": "met", "note": note}
        if not shared and self.chance.random() < 0.25:
            visit["followup"] = self._promise(household, visit["_id"])
        self.save(visit)
        self._own.append(visit)

    def _promise(self, household: str, visit: str) -> str:
        document = self._base(f"followup:{self._ulid()}")
        today = datetime.now(SHANGHAI).date().isoformat()
        document |= {"household": household, "visit": visit, "due": today, "why": "送药", "state": "open"}
        to = self.chance.choice([self._account, *self._colleagues])
        self.save(document if to == self._account else document | {"to": to})
        self.promised[document["_id"]] = to
        return str(document["_id"])

    def _mend(self, visit: Document) -> None:
        self.save(visit | {"note": f"改第 {len(self._lines[visit['_id']])} 次", "needs": ["修灯"]})

    def _base(self, document: str) -> Document:
        kind, at = document.partition(":")[0], datetime.now(SHANGHAI).isoformat(timespec="seconds")
        return {"_id": document, "type": kind, "area": self._leaf, "by": self._account, "at": at, "v": 1}

    def _ulid(self) -> str:
        return ulid(datetime.now(SHANGHAI), self.chance.getrandbits(80))


class Tool(Pusher):
    """An administrator's program that writes into a plain database."""

    _numbers = count(1)

    def write(self) -> None:
        for _ in range(self.chance.randint(1, 20)):
            self.save({"_id": f"note-{next(self._numbers):06}", "text": "台账 " * self.chance.randint(1, 40)})
        if self._lines and self.chance.random() < 0.3:
            self.save({"_id": self.chance.choice(sorted(self._lines)), "text": f"改 {self.chance.random()}"})


def _order(rev: str) -> tuple[int, str]:
    """Return what CouchDB decides by which of two revisions wins."""
    generation, _, digest = rev.partition("-")
    return int(generation), digest
