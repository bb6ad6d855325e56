"""What only several requests together can break: feeds whose database ends, conflicts, what was acknowledged."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from tests.fuzz.actor import GLANCE, Actor
from tests.fuzz.bodies import plain
from tests.fuzz.headers import JSON
from tests.fuzz.values import SECRET
from tests.fuzz.wire import Broken, Connection, Late, Request, Told, ask
from tests.fuzz.world import KEPT

ENDS_WITHIN: Final = 10.0
"""Seconds within which a feed ends whose database is gone."""


class Caller:
    """Sends proper requests in an actor's name and expects them to be answered."""

    def __init__(self, actor: Actor) -> None:
        self.actor: Final = actor
        told = actor.role.authorization
        self.headers: Final = [("Content-Type", JSON), ("Accept", JSON), *([("Authorization", told)] if told else [])]

    def request(self, method: str, path: str, value: Any = None) -> Request:
        body = b"" if value is None else plain(value)
        return Request(method, self.actor.world.prefix + path, list(self.headers), body)

    def __call__(self, method: str, path: str, value: Any = None) -> tuple[int, Any]:
        request = self.request(method, path, value)
        begun = time.monotonic()
        try:
            told = ask(self.actor.port, method, request.target, request.body, request.headers)
        except (Late, Broken, OSError) as error:
            self.actor.world.found(f"{error!r}\n{self.actor.role.name}: {request.told()}")
            return 0, None
        self.actor.world.count("seen", time.monotonic() - begun, f"{method} {request.target[:200]}")
        self.actor.world.statuses[str(told.status)] += 1
        return told.status, self.actor.judge(request, "", told)

    def open(self, path: str, value: Any = None) -> tuple[Connection, Request]:
        """Ask for what ends when it likes."""
        request = self.request("GET" if value is None else "POST", path, value)
        connection = Connection(self.actor.port)
        connection.send(request.whole())
        return connection, request


def ended_under_feeds(actor: Actor) -> None:
    """Delete a database while feeds of every shape are open on it, and a compaction and a listing under way."""
    call, name = Caller(actor), f"e{actor.chance.randrange(10**9)}"
    if call("PUT", f"/{name}")[0] != 201:
        return
    call("POST", f"/{name}/_bulk_docs", {"docs": [{"_id": f"d{n}", "n": n} for n in range(30)]})
    shapes = [
        "feed=longpoll&since=now",
        "feed=longpoll&since=now&heartbeat=1000",
        "feed=continuous&include_docs=true",
        "feed=continuous&since=now&heartbeat=1000&filter=_design",
        "feed=eventsource&timeout=60000",
    ]
    feeds = [call.open(f"/{name}/_changes?{shape}") for shape in shapes]
    call("POST", f"/{name}/_compact", {})
    beside, _ = call.open(f"/{name}/_all_docs?include_docs=true")
    call("DELETE", f"/{name}")
    if actor.chance.some(0.5):
        call("PUT", f"/{name}")
        call("PUT", f"/{name}/again", {})
        call("DELETE", f"/{name}")
    for connection, request in feeds:
        connection.begin(ENDS_WITHIN)
        try:
            told = connection.answer("GET")
            actor.judge(request, name, told)
            actor.world.statuses["feed ended by its database's end"] += 1
        except Broken as error:
            actor.world.found(f"{error}\n{request.told()}")
        except Late:
            actor.world.found(f"the feed goes on without its database\n{request.told()}")
        finally:
            connection.close()
    beside.close()


def conflicts(actor: Actor) -> None:
    """Make a document with many leaves, look at it in every way, purge leaf after leaf."""
    call, chance = Caller(actor), actor.chance
    name = chance.choice([each for each in actor.role.databases if each != KEPT])
    id_ = f"doc-{chance.randint(0, 40)}"
    docs = [actor.grammar.bodies.document(name) for _ in range(chance.randint(1, 12))]
    for doc in docs:
        doc.update({"_id": id_, **actor.grammar.bodies.revisions()})
        doc.pop("_attachments", None)
    call("POST", f"/{name}/_bulk_docs", {"docs": docs, "new_edits": False})
    for query in ("conflicts=true", "revs_info=true", "open_revs=all&revs=true", "meta=true", "deleted_conflicts=true"):
        status, told = call("GET", f"/{name}/{id_}?{query}")
    status, told = call("GET", f"/{name}/{id_}?open_revs=all")
    leaves = [each["ok"]["_rev"] for each in told or [] if "ok" in each] if status == 200 else []
    chance.shuffle(leaves)
    for rev in leaves[: chance.randint(0, 6)]:
        call("POST", f"/{name}/_purge", {id_: [rev]})
        call("GET", f"/{name}/{id_}?conflicts=true")
    call("POST", f"/{name}/_compact", {})


def replicated(actor: Actor) -> None:
    """Replicate a database to itself, to another, and back, continuously too; cancel what goes on."""
    call, chance = Caller(actor), actor.chance
    names = [each for each in actor.role.databases if each != KEPT and not each.startswith("_")]
    asked: dict[str, Any] = {"source": chance.choice(names), "target": chance.choice(names), "create_target": True}
    if chance.some(0.5):
        asked["continuous"] = True
    connection, request = call.open("/_replicate", asked)
    connection.begin(GLANCE)
    try:
        actor.judge(request, "", connection.answer("POST"))
    except Late:  # it tries again for a while: what it reads may be gone
        actor.world.statuses["left waiting"] += 1
    finally:
        connection.close()
    call("GET", "/_active_tasks")
    call("GET", "/_scheduler/jobs")
    call("POST", "/_replicate", asked | {"cancel": True})


def crowd(actor: Actor) -> None:
    """Open many connections that say half a sentence, and leave."""
    opened = [Connection(actor.port) for _ in range(30)]
    for each in opened:
        each.send(
            actor.chance.choice(
                [b"", b"G", b"GET /sync/ HTTP/1.1\r\n", b"POST /sync/_session HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"]
            )
        )
    actor.look()
    for each in opened:
        each.reset() if actor.chance.some(0.5) else each.close()


def once_failed(actor: Actor) -> None:
    """Send what has failed once, or was never answered."""
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    upgrade += [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
    call = Caller(actor)
    for request in (
        Request("GET", "/sync/_up", upgrade),
        Request("POST", "/sync/_session", [*upgrade, *call.headers], b'{"name":1}'),
        call.request("GET", f"/{KEPT}/_changes?feed=eventsource&timeout=0"),
        call.request("GET", "/nothing-here/_changes?feed=longpoll"),
        call.request("PUT", f"/{KEPT}/_revs_limit", 2**63),
        call.request("PUT", f"/{KEPT}/_purged_infos_limit", 2**63),
    ):
        actor.send(request)


# -- what is acknowledged ----------------------------------------------------------------------------------------------


def kept(actor: Actor) -> None:
    """Store documents that must be there in the end, in every way that there is to store one."""
    call, chance = Caller(actor), actor.chance
    acknowledged = actor.world.acknowledged
    id_ = f"kept-{actor.name}-{chance.randint(0, 60)}-{chance.choice(['a', '走', '%2F', 'a b'])}"
    path, key = f"/{KEPT}/{quote(id_, safe='')}", (KEPT, id_)
    body: dict[str, Any] = {
        "n": chance.randint(0, 2**60),
        "note": SECRET * chance.randint(1, 20),
        "text": chance.text(),
    }
    known = acknowledged.get(key)
    if known is not None:
        body["_rev"] = known[0]
    way = chance.randint(0, 4)
    if way == 0:
        _note(actor, key, body, call("PUT", path, body), 201)
    elif way == 1:
        status, told = call(
            "POST", f"/{KEPT}/_bulk_docs", {"docs": [{"_id": id_, **body}, {"_id": "other", "_rev": "9-ab"}]}
        )
        _note(actor, key, body, (status, told[0] if status == 201 else None), 201)
    elif way == 2 and known is None:
        call("POST", f"/{KEPT}/_bulk_docs", {"docs": [{"_id": id_, "_rev": "1-ab", **body}], "new_edits": False})
        acknowledged[key] = "1-ab", body
    elif way == 3:
        body["_attachments"] = {"a": {"data": "5ZGo", "content_type": "text/plain"}}
        _note(actor, key, body, call("PUT", path, body), 201)
    elif known is not None:
        status, told = call("PUT", path + "?batch=ok", body)
        if status == 202:
            acknowledged[key] = call("GET", path)[1]["_rev"], body


def _note(actor: Actor, key: tuple[str, str], body: Mapping[str, Any], answer: tuple[int, Any], right: int) -> None:
    status, told = answer
    if status == right and isinstance(told, dict) and told.get("ok") is True:
        actor.world.acknowledged[key] = told["rev"], body
    else:
        actor.world.found(f"{key} was not stored: {status} {told} {body}")


def still_there(actor: Actor) -> Sequence[str]:
    """Return what was acknowledged and is not there, or is something else."""
    call, wrong = Caller(actor), []
    for (database, id_), (rev, body) in actor.world.acknowledged.items():
        status, told = call("GET", f"/{database}/{quote(id_, safe='')}")
        wanted = {name: value for name, value in body.items() if not name.startswith("_")}
        have = {name: value for name, value in told.items() if not name.startswith("_")} if status == 200 else None
        if have != json.loads(plain(wanted)) or told["_rev"] != rev:
            wrong.append(f"{database} {id_} {rev}: {status} {told}")
    return wrong


ADMINISTRATORS: Final[Sequence[Callable[[Actor], None]]] = (
    ended_under_feeds,
    conflicts,
    replicated,
    crowd,
    kept,
    kept,
    kept,
)
PHONES: Final[Sequence[Callable[[Actor], None]]] = (crowd,)
__all__ = ["ADMINISTRATORS", "PHONES", "Told", "still_there"]
