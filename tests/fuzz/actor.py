"""One client that behaves as badly as it can, and judges what it is told."""

import json
import time
from collections.abc import Callable
from typing import Any, Final

from tests.fuzz.grammar import Grammar
from tests.fuzz.headers import JSON
from tests.fuzz.values import Chance, mutated
from tests.fuzz.wire import Broken, Connection, Late, Request, Told
from tests.fuzz.world import PROTECTED, Role, World

DOCUMENTED: Final = frozenset({501, 503})
"""Failures that docs/protocol.md tells of."""
NO_HTTP: Final = b"Invalid HTTP request received."
"""What uvicorn says, before anything of ours is asked."""
GLANCE: Final = 0.3
"""Seconds that somebody reads who then hangs up."""


class Actor:
    """Sends requests in the name of one role, each in one of many manners, and looks at every answer."""

    def __init__(self, world: World, role: Role, port: int, *, number: int, seed: str) -> None:
        self.name: Final = f"{role.name}-{number}"
        self.world: Final = world
        self.role: Final = role
        self.port: Final = port
        self.chance: Final = Chance(f"{seed}-{self.name}")
        self.grammar: Final = Grammar(self.chance, world, role, port)
        self._up: Connection | None = None
        self._kept: Connection | None = None
        manners: list[tuple[int, Callable[[Request, str], None]]] = [
            (60, self._whole),
            (8, self._chunked),
            (4, self._slow),
            (4, self._cut),
            (4, self._deaf),
            (3, self._half),
            (4, self._wrong_length),
            (3, self._garbled),
            (2, self._expecting),
        ]
        self._manners: Final = [manner for times, manner in manners for _ in range(times)]

    def act(self) -> None:
        """Send one request, or some at once, in some manner; then look whether the server is still there."""
        if self.chance.some(0.05):
            self._pipelined()
        else:
            request, database = self.grammar.request()
            manner = self.chance.choice(self._manners)
            if request.waits and manner not in {self._cut, self._deaf}:
                manner = self._glancing
            self._guarded(lambda: manner(request, database), request)
        self.look()

    def send(self, request: Request) -> None:
        """Send one request and judge its answer."""
        self._guarded(lambda: self._whole(request, ""), request)

    def look(self) -> None:
        """Ask ``_up``."""
        if self._up is None or not self._up.open:
            if self._up is not None:
                self._up.close()
            self._up = Connection(self.port)
        request = Request("GET", self.world.prefix + "/_up")
        self._guarded(lambda: self._asked(self._up, request), request)

    def _asked(self, connection: Connection | None, request: Request) -> None:
        assert connection is not None
        connection.begin()
        connection.send(request.whole())
        self.judge(request, "", connection.answer("GET"))

    def close(self) -> None:
        """Hang up everything."""
        for each in (self._up, self._kept):
            if each is not None:
                each.close()
        self._up = self._kept = None

    # -- what is said of an answer -------------------------------------------------------------------------------------

    def judge(self, request: Request, database: str, told: Told) -> Any:
        """Return the JSON of an answer; note what is wrong with it."""
        fault, value = self._fault(request, told)
        if fault:
            shown = f"{told.status} {dict(told.headers)} {told.body[:600]!r}"
            self.world.found(f"{fault}\n{self.role.name}: {request.told()}\n-> {shown}")
        if isinstance(value, dict) and value.get("ok") is True:
            self.world.learn(database, value.get("id"), value.get("rev"))
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    self.world.learn(database, each.get("id"), each.get("rev"))
        return value

    def _fault(self, request: Request, told: Told) -> tuple[str, Any]:
        if told.status >= 500 and told.status not in DOCUMENTED and not _replication_failed(told):
            return f"status {told.status}", None
        silent = request.method == "HEAD" or told.status == 304 or request.odd
        if silent or "accept-ranges" in told.headers or (told.body == NO_HTTP and not _plain(request)):
            return "", None
        if told.kind != JSON:
            return ("an error that is no JSON", None) if told.status >= 400 else ("", None)
        try:
            value = _json(told.body, lines=request.waits and told.status == 200)
        except ValueError:
            return "an answer that is no JSON", None
        wrong = told.status >= 400 and not (isinstance(value, dict) and _texts(value.get("error"), value.get("reason")))
        return ("an error that is not CouchDB's" if wrong else ""), value

    def _guarded(self, act: Callable[[], None], request: Request) -> None:
        begun = time.monotonic()
        status = "none"
        try:
            act()
            status = "seen"
        except Late:
            self.world.found(f"no answer in time\n{self.role.name}: {request.told()}")
        except Broken as error:
            status = "broken off"
            if not request.odd:
                self.world.found(f"{error}\n{self.role.name}: {request.told()}")
        except OSError as error:
            self.world.found(f"no connection: {error!r}")
        self.world.count(status, time.monotonic() - begun, f"{request.method} {request.target[:200]}")

    # -- manners -------------------------------------------------------------------------------------------------------

    def _connection(self) -> Connection:
        """Return the connection that is kept, or a new one."""
        if self._kept is None or not self._kept.open or self.chance.some(0.05):
            if self._kept is not None:
                self._kept.close()
            self._kept = Connection(self.port)
        self._kept.begin()
        return self._kept

    def _new(self) -> Connection:
        connection = Connection(self.port)
        connection.begin()
        return connection

    def _answered(self, connection: Connection, request: Request, database: str) -> Told:
        told = connection.answer(request.method)
        self.world.statuses[str(told.status)] += 1
        self.judge(request, database, told)
        return told

    def _whole(self, request: Request, database: str) -> None:
        if request.odd or any(name == "Upgrade" for name, _ in request.headers):
            self._alone(request, database)  # after it the HTTP parser is not to be relied on
            return
        connection = self._connection()
        if not connection.send(request.whole()):  # the server had closed it meanwhile, as it may
            connection.close()
            connection = self._kept = self._new()
            connection.send(request.whole())
        try:
            told = connection.answer(request.method)
        except Broken:
            connection.close()
            connection = self._kept = self._new()
            connection.send(request.whole())
            told = connection.answer(request.method)
        self.world.statuses[str(told.status)] += 1
        self.judge(request, database, told)

    def _alone(self, request: Request, database: str) -> None:
        connection = self._new()
        try:
            connection.send(request.whole())
            self._answered(connection, request, database)
        finally:
            connection.close()

    def _glancing(self, request: Request, database: str) -> None:
        connection = self._new()
        connection.begin(GLANCE)
        try:
            connection.send(request.whole())
            self._answered(connection, request, database)
        except Late:
            self.world.statuses["left waiting"] += 1
        finally:
            connection.close()

    def _chunked(self, request: Request, database: str) -> None:
        chance = self.chance
        pieces, rest = [], request.body
        while rest:
            size = chance.choice([1, 7, 100, 5000, 70_000])
            pieces.append(rest[:size])
            rest = rest[size:]
            if len(pieces) > 40:
                pieces.append(rest)
                break
        raw = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"
        if chance.some(0.2):
            raw, request.odd = (
                chance.choice([raw[:-5], raw.replace(b"\r\n", b"\n"), b"zz\r\n\r\n", b"ffffffffffffffffff\r\n" + raw]),
                True,
            )
        connection = self._new()
        try:
            connection.send(request.head(("Transfer-Encoding", "chunked")) + raw)
            if request.odd:
                self._hang(connection, request, database)
            else:
                self._answered(connection, request, database)
        finally:
            connection.close()

    def _hang(self, connection: Connection, request: Request, database: str) -> None:
        """Take the answer if there is one soon: what was sent may be half a request, which is waited for."""
        connection.begin(GLANCE)
        try:
            self._answered(connection, request, database)
        except Late:
            self.world.statuses["left waiting"] += 1

    def _slow(self, request: Request, database: str) -> None:
        connection = self._new()
        raw = request.whole()
        step = max(1, len(raw) // self.chance.randint(2, 6))
        try:
            for start in range(0, len(raw), step):
                connection.send(raw[start : start + step])
                time.sleep(0.01)  # this is what being slow is
            self._answered(connection, request, database)
        finally:
            connection.close()

    def _cut(self, request: Request, _database: str) -> None:
        connection = self._new()
        raw = request.whole()
        connection.send(raw[: self.chance.randint(0, len(raw))])
        connection.reset() if self.chance.some(0.5) else connection.close()
        self.world.statuses["cut"] += 1

    def _deaf(self, request: Request, _database: str) -> None:
        connection = self._new()
        connection.send(request.whole())
        if self.chance.some(0.6):
            connection.begin(GLANCE)
            connection.peek(self.chance.choice([1, 20, 400]))
        connection.reset() if self.chance.some(0.5) else connection.close()
        self.world.statuses["deaf"] += 1

    def _half(self, request: Request, database: str) -> None:
        connection = self._new()
        connection.send(request.whole())
        request.odd = True
        try:
            connection.socket.shutdown(1)
            self._answered(connection, request, database)
        except OSError:
            pass
        finally:
            connection.close()

    def _wrong_length(self, request: Request, database: str) -> None:
        request.odd = True
        right = len(request.body)
        told = self.chance.choice(
            [str(right + 5), str(max(0, right - 5)), "-1", "x", "9" * 25, "0", "", f"{right}, {right}", "1_0", "+3"]
        )
        connection = self._new()
        try:
            connection.send(request.head(("Content-Length", told)) + request.body)
            self._hang(connection, request, database)
        finally:
            connection.close()

    def _garbled(self, request: Request, database: str) -> None:
        if database in PROTECTED and request.method == "DELETE":
            return
        request.odd = True
        connection = self._new()
        try:
            connection.send(mutated(self.chance, request.whole()))
            self._hang(connection, request, database)
        finally:
            connection.close()

    def _expecting(self, request: Request, database: str) -> None:
        connection = self._new()
        length = ("Content-Length", str(len(request.body)))
        try:
            connection.send(request.head(("Expect", "100-continue"), length))
            connection.socket.settimeout(GLANCE)
            connection.peek(0)
            connection.begin()
            connection.send(request.body)
            self._answered(connection, request, database)
        finally:
            connection.close()

    def _pipelined(self) -> None:
        made = [self.grammar.request() for _ in range(self.chance.randint(2, 6))]
        made = [each for each in made if not (each[0].waits or each[0].odd) and _plain(each[0])]
        made = [each for each in made if not dict(each[0].headers).keys() & {"Upgrade", "Connection"}]
        connection = self._new()
        try:
            connection.send(b"".join(request.whole() for request, _ in made))
            for request, database in made:
                if not connection.open:
                    break
                self._guarded(lambda r=request, d=database: self._answered(connection, r, d) and None, request)  # type: ignore[misc]
        finally:
            connection.close()


def _replication_failed(told: Told) -> bool:
    """Return whether it is a replication that failed, not this request: CouchDB says so with 500."""
    return told.status == 500 and b'"internal_server_error"' not in told.body


def _json(body: bytes, *, lines: bool) -> Any:
    """Return the value of an answer; of a feed it may be one in each line, and is none in particular."""
    try:
        return json.loads(body)
    except ValueError:
        if not lines:
            raise
    return [json.loads(line) for line in body.splitlines() if line.strip()]


def _plain(request: Request) -> bool:
    """Return whether a request's head has nothing but what HTTP lets it have."""
    head = request.head().decode("utf-8", "replace").replace("\r\n", "")
    return head.isascii() and head.isprintable()


def _texts(*values: Any) -> bool:
    return all(isinstance(value, str) for value in values)
