"""Requests to every route that there is, by the server's own tables, with every flag and header that there is."""

import gzip
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from sync.http import routes
from tests.fuzz.bodies import BOMB, DOUBLE_BOMB, Bodies, rev
from tests.fuzz.headers import HEADERS, JSON
from tests.fuzz.values import NO_JSON, Chance, in_path, in_query, text_of
from tests.fuzz.wire import Request
from tests.fuzz.world import PROTECTED, Role, World

METHODS: Final = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "COPY",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "LOCK",
    "M-SEARCH",
)
BOOLEANS: Final = [
    "revs",
    "revs_info",
    "conflicts",
    "deleted_conflicts",
    "meta",
    "local_seq",
    "latest",
    "attachments",
    "att_encoding_info",
    "new_edits",
    "include_docs",
    "update_seq",
    "inclusive_end",
    "descending",
    "stable",
    "update",
    "sorted",
    "reduce",
    "group",
]
NUMBERS: Final = ("limit", "skip", "timeout", "heartbeat", "seq_interval", "count", "q", "n", "w", "r", "group_level")
KEYS: Final = ("key", "startkey", "endkey", "start_key", "end_key", "startkey_docid", "endkey_docid", "end_key_doc_id")
OTHERS: Final = [
    "rev",
    "open_revs",
    "atts_since",
    "keys",
    "doc_ids",
    "batch",
    "feed",
    "since",
    "last-event-id",
    "style",
    "filter",
    "view",
    "stale",
    "partitioned",
    "selector",
    "__proto__",
    "x",
]
FEEDS: Final = ("normal", "longpoll", "continuous", "live", "eventsource")


class Grammar:
    """Makes the requests of one actor."""

    def __init__(self, chance: Chance, world: World, role: Role, port: int) -> None:
        self.chance: Final = chance
        self.world: Final = world
        self.role: Final = role
        self.bodies: Final = Bodies(chance, world)
        self._port: Final = port

    def request(self) -> tuple[Request, str]:
        """Return any request, and the database that it is about."""
        chance = self.chance
        if chance.some(0.12):
            made, database = self._server(), ""
        else:
            database = chance.choice(self.role.databases) if chance.some(0.93) else chance.text()
            made = self._database(database)
        if chance.some(0.04):
            made.method = chance.choice(METHODS)
        self._headers(made)
        if database in PROTECTED and made.method == "DELETE" and self._whole(made.target):
            made.method = "GET"
        return made, database

    def _whole(self, target: str) -> bool:
        """Return whether ``target`` is a database itself, not something in it."""
        return "/" not in target.partition("?")[0].removeprefix(self.world.prefix).strip("/")

    # -- routes --------------------------------------------------------------------------------------------------------

    def _server(self) -> Request:
        chance = self.chance
        name = chance.choice([*routes.SERVER, *routes.SERVER, *routes.NOT_OFFERED])
        method = chance.choice([*routes.SERVER.get(name, {}), "GET"])
        path = f"/{name}"
        if name == "_scheduler":
            path += chance.choice(["", "/jobs", "/docs", "/docs/_replicator", "/docs/_replicator/x", "/jobs/x", "/x"])
        if chance.some(0.05):
            path += "/" + in_path(chance, chance.text())
        body = b""
        if name == "_replicate":
            body = self.bodies.json(self.replication())
        elif name == "_session" and method == "POST":
            return self._log_in(path)
        elif method == "POST":
            body = self.bodies.json({"keys": chance.nearly([*self.role.databases, chance.text()])})
        return self._made(method, path, body)

    def _log_in(self, path: str) -> Request:
        chance = self.chance
        told = {
            "name": chance.nearly(chance.choice(["nobody", chance.text()])),
            "password": chance.nearly(chance.text()),
        }
        if chance.some(0.6):
            return self._made("POST", path, self.bodies.json(told))
        form = in_query(chance, [(name, str(value)) for name, value in told.items()]).encode()
        made = self._made("POST", path, form)
        made.headers = [("Content-Type", "application/x-www-form-urlencoded")]
        return made

    def replication(self) -> dict[str, Any]:
        """Return a body of ``_replicate``: mostly from this server to itself, or to nowhere."""
        chance = self.chance
        told: dict[str, Any] = {}
        for side in ("source", "target"):
            name = chance.choice([each for each in self.role.databases if each not in PROTECTED] or ["w0"])
            url = f"http://127.0.0.1:{self._port}{self.world.prefix}/{name}"
            place = chance.choice(
                [name, url, {"url": url, "headers": {"Authorization": self.role.authorization}}, {"url": name}]
            )
            if chance.some(0.1):
                place = chance.choice(
                    [
                        "http://127.0.0.1:1/x",
                        "http://[::1",
                        "ftp://127.0.0.1/x",
                        "http://169.254.169.254/x",
                        "",
                        "http://",
                        url + "%zz",
                    ]
                )
            told[side] = chance.nearly(place)
        options: Mapping[str, Any] = {
            "create_target": True,
            "continuous": True,
            "cancel": True,
            "doc_ids": ["doc-1", "doc-2"],
            "selector": self.bodies.selector(),
            "since_seq": "3",
            "filter": "a/b",
            "use_checkpoints": False,
            "worker_batch_size": 3,
            "http_connections": 2,
            "checkpoint_interval": 100,
            "winning_revs_only": True,
        }
        for name in chance.several(lambda: chance.choice(list(options)), 3):
            told[name] = chance.nearly(options[name], 0.15)
        return told

    def _database(self, database: str) -> Request:
        chance = self.chance
        name = in_path(chance, database) if chance.some(0.1) else quote(database, safe="")
        dice = chance.random()
        if dice < 0.5:
            return self._resource(database, name)
        if dice < 0.58:
            return self._local(name)
        if dice < 0.62:
            head = chance.choice([*routes.EXECUTED, "x"])
            return self._made(chance.choice(METHODS[:6]), f"/{name}/_design/x/{head}/" + in_path(chance, chance.text()))
        if dice < 0.66:
            rest = chance.choice([*map("/".join, routes.BELOW), *routes.NOT_OFFERED, "_compact/x", "_nothing"])
            body = self.bodies.json(self.bodies.queries(database))
            return self._made(chance.choice(["GET", "POST"]), f"/{name}/{rest}", body)
        if dice < 0.88:
            return self._document(database, name)
        return self._attachment(database, name)

    def _resource(self, database: str, name: str) -> Request:
        chance = self.chance
        resource = chance.choice(list(routes.DATABASE))
        method = chance.choice(list(routes.DATABASE[resource]))
        if resource == "" and method == "DELETE" and chance.some(0.7):
            method = "PUT"
        if resource == "_index" and chance.some(0.25):
            design, index = (
                in_path(chance, chance.choice(["x", "_design/x"])),
                in_path(chance, chance.choice(["y", "x"])),
            )
            if chance.some(0.3):
                return self._made(
                    "POST", f"/{name}/_index/_bulk_delete", self.bodies.json({"docids": chance.nearly(["x"])})
                )
            return self._made("DELETE", f"/{name}/_index/{design}/json/{index}")
        make = self._bodies().get(resource)
        body = b""
        if method in {"POST", "PUT"}:
            value = make(database) if make else self.bodies.settings(resource)
            body = self.bodies.json(value)
        return self._made(method, f"/{name}/{resource}", body)

    def _bodies(self) -> Mapping[str, Callable[[str], Any]]:
        bodies = self.bodies
        return {
            "": bodies.document,
            "_all_docs": bodies.listing,
            "_design_docs": bodies.listing,
            "_local_docs": bodies.listing,
            "_bulk_docs": bodies.bulk_docs,
            "_bulk_get": bodies.bulk_get,
            "_changes": bodies.changes,
            "_explain": bodies.find,
            "_find": bodies.find,
            "_index": bodies.index,
            "_missing_revs": bodies.revs,
            "_revs_diff": bodies.revs,
            "_purge": bodies.revs,
        }

    def _local(self, name: str) -> Request:
        chance = self.chance
        method = chance.choice(list(routes.LOCAL))
        id_ = in_path(chance, chance.choice(["x", "y", chance.text()]))
        body = (
            self.bodies.json(chance.nearly({"_rev": chance.nearly("0-1"), "a": chance.value()}))
            if method == "PUT"
            else b""
        )
        return self._made(method, f"/{name}/_local/{id_}", body)

    def _document(self, database: str, name: str) -> Request:
        chance = self.chance
        method = chance.choice([*routes.DOCUMENT, "GET", "GET", "PUT", "PUT"])
        told = self.bodies.document(database, replicated=chance.some(0.2))
        id_ = told["_id"] if isinstance(told["_id"], str) else chance.text()
        if chance.some(0.08):
            id_ = "_design/" + chance.choice(["x", "y"])
            told = {"_id": id_, "language": "query", "views": chance.value()}
        segment = in_path(chance, id_).replace("_design%2F", "_design/" if chance.some(0.5) else "_design%2F")
        if method != "PUT":
            made = self._made(method, f"/{name}/{segment}")
            if method == "COPY":
                made.headers.append(
                    ("Destination", chance.nearly(f"doc-{chance.randint(0, 40)}?rev={rev(chance)}", 0.3))
                )
                if not isinstance(made.headers[-1][1], str):
                    made.headers[-1] = ("Destination", text_of(made.headers[-1][1]))
            return made
        if chance.some(0.2):
            kind, body = self.bodies.related(database)
            made = self._made(method, f"/{name}/{segment}", body)
            made.headers = [("Content-Type", kind)]
            return made
        if chance.some(0.8):
            told["_id"] = id_
        return self._made(method, f"/{name}/{segment}", self.bodies.json(told))

    def _attachment(self, database: str, name: str) -> Request:
        chance = self.chance
        id_, known = self.bodies.pair(database)
        method = chance.choice([*routes.ATTACHMENT, "GET"])
        attachment = chance.choice(["a.txt", "图.png", "a/b", "f0", "f1", chance.text()])
        made = self._made(method, f"/{name}/{quote(id_, safe='')}/{in_path(chance, attachment)}")
        if method != "GET" and chance.some(0.7):
            made.target = made.target.partition("?")[0] + f"?rev={known}"
        if method == "PUT":
            made.body = chance.choice([b"", b"abc", chance.randbytes(5000), gzip.compress(b"abc"), BOMB])
            if chance.some(0.3):
                made.headers.append(("Content-Encoding", chance.choice(["gzip", "gzip", "GZIP", "br", "identity", ""])))
            if chance.some(0.02):
                made.body, made.headers = DOUBLE_BOMB, [("Content-Encoding", "gzip")]
        return made

    # -- flags and headers ---------------------------------------------------------------------------------------------

    def _made(self, method: str, path: str, body: bytes = b"") -> Request:
        chance = self.chance
        if not body and chance.some(0.03):
            body = chance.choice(NO_JSON)
        made = Request(method, self.world.prefix + path, [], body)
        if chance.some(0.55):
            made.target += "?" + in_query(chance, [self._flag() for _ in range(chance.choice([1, 1, 2, 3, 5]))])
        if body:
            made.headers.append(("Content-Type", JSON))
        return made

    def _flag(self) -> tuple[str, str]:
        chance = self.chance
        dice = chance.random()
        if dice < 0.45:
            return chance.choice(BOOLEANS), chance.choice(
                ["true", "true", "true", "false", "TRUE", "1", "", chance.text()]
            )
        if dice < 0.65:
            name = chance.choice(NUMBERS)
            least = "200" if name in {"timeout", "heartbeat"} else "3"
            return name, chance.choice(
                [least, least, "0", "-1", "1.5", "", "99999999999999999999", "１", chance.text()]
            )
        if dice < 0.78:
            return chance.choice(KEYS), text_of(chance.nearly(f"doc-{chance.randint(0, 40)}", 0.3))
        name = chance.choice(OTHERS)
        right: Mapping[str, Callable[[], str]] = {
            "rev": lambda: rev(chance),
            "open_revs": lambda: chance.choice(["all", text_of([rev(chance), rev(chance)])]),
            "atts_since": lambda: text_of([rev(chance)]),
            "keys": lambda: text_of([f"doc-{n}" for n in range(chance.randint(0, 5))]),
            "doc_ids": lambda: text_of(["doc-1", "doc-2"]),
            "batch": lambda: "ok",
            "feed": lambda: chance.choice(FEEDS),
            "since": lambda: chance.choice(["0", "now", "3", '"3"', "3-abc", "99999999"]),
            "last-event-id": lambda: "2",
            "style": lambda: chance.choice(["all_docs", "main_only"]),
            "filter": lambda: chance.choice(["_doc_ids", "_selector", "_design", "_view", "a/b", "x"]),
            "selector": lambda: text_of(self.bodies.selector()),
        }
        return name, right[name]() if name in right and chance.some(0.85) else chance.text()

    def _headers(self, made: Request) -> None:
        chance = self.chance
        if self.role.authorization and chance.some(0.97):
            made.headers.append(("Authorization", self.role.authorization))
        for name in chance.several(lambda: chance.choice(list(HEADERS)), 2):
            if chance.some(0.6):
                continue
            value = chance.choice(HEADERS[name]) if chance.some(0.85) else chance.text()
            value = value.replace("\r", "").replace("\n", "").replace("\0", "")
            if name == "Content-Type":
                made.headers = [each for each in made.headers if each[0] != name]
            made.headers.append((name, value))
        if chance.some(0.005):
            made.headers += [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
            made.headers += [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")] * chance.randint(0, 1)
            made.odd = True
        if chance.some(0.005):
            made.headers.append(("X-Long", "x" * chance.choice([5000, 70_000])))
            made.odd = True
        if chance.some(0.005):
            made.headers += [(f"X-{n}", "y") for n in range(300)]
            made.odd = True
