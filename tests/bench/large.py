"""Large things: a long attachment, a deep history, a great document, many feeds; time, and what memory they need."""

import asyncio
import contextlib
import hashlib
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from tests.bench.peer import Peer
from tests.bench.report import say
from tests.bench.serving import Serving, load, serving
from tests.protocol.serve import SCOPED

PIECE = 256 * 1024
MB = 1024 * 1024


def large(place: Path | str | None, megabytes: int, depth: int, feeds: int) -> None:
    """Print what large things cost a server on ``place``, a folder or the URL of an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        with serving(place or Path(folder), feeds=feeds + 10, feeds_each=feeds + 10) as server:
            say(f"the server at rest: {server.memory()} MB")
            up, down, grown = attachment(server, megabytes)
            say(f"attachment of {megabytes} MB: up {up:.1f} s, down {down:.1f} s; memory grew by {grown:.1f} MB")
            for limit in (depth, 1000):
                told = history(server, f"history{limit}", depth, limit)
                say(f"{depth:,} edits of one document, _revs_limit {limit:,}: {told}")
            say(f"a document with {depth:,} entries in _revisions: {replicated(server, depth)}")
            say(f"a document of 8 MB: {document(server)}")
        with serving(place or Path(folder), feeds=feeds + 10, feeds_each=feeds + 10) as server:
            for feed in ("longpoll", "continuous", "eventsource"):
                say(f"{feeds:,} feeds, {feed}: {asyncio.run(waiting(server, feed, feeds))}")


def content(megabytes: int) -> Iterator[bytes]:
    """Yield bytes that do not repeat, piece by piece."""
    for number in range(megabytes * MB // PIECE):
        yield hashlib.shake_128(number.to_bytes(4)).digest(PIECE)


def attachment(server: Serving, megabytes: int) -> tuple[float, float, float]:
    """Return the seconds of an attachment up and down, and by how many megabytes the server grew meanwhile."""
    peer = server.peer()
    peer.call("PUT", "/large")
    for warm in range(2):
        peer.upload(f"/large/warm/{warm}", content(1), 1 * MB, "" if not warm else _rev(peer, "/large/warm"))
    before = server.rested()
    started = time.perf_counter()
    peer.upload("/large/photo/a.bin", content(megabytes), megabytes * MB)
    half = time.perf_counter()
    digest = hashlib.sha256()
    for piece in peer.pieces("/large/photo/a.bin"):
        digest.update(piece)
    ended = time.perf_counter()
    wanted = hashlib.sha256()
    for piece in content(megabytes):
        wanted.update(piece)
    assert digest.digest() == wanted.digest()
    return half - started, ended - half, server.peak() - before


@dataclass
class Edits:
    """What each edit of one document took, in seconds."""

    took: list[float] = field(default_factory=list)

    def around(self, depth: int) -> float:
        """Return the median of the hundred edits before that depth, in milliseconds."""
        return median(self.took[max(0, depth - 100) : depth]) * 1000

    def __str__(self) -> str:
        depths = [depth for depth in (100, 1000, 2000, 5000, 10_000) if depth <= len(self.took)]
        return ", ".join(f"{self.around(depth):.1f} ms at {depth:,}" for depth in depths)


def history(server: Serving, name: str, depth: int, limit: int) -> Edits:
    """Edit one document ``depth`` times, one request each."""
    peer = server.peer()
    peer.call("PUT", f"/{name}")
    peer.call("PUT", f"/{name}/_revs_limit", str(limit).encode())
    edits, rev = Edits(), ""
    for number in range(depth):
        started = time.perf_counter()
        told = peer.json("PUT", f"/{name}/x" + (rev and f"?rev={rev}"), b'{"n":%d}' % number)
        edits.took.append(time.perf_counter() - started)
        rev = told["rev"]
    kept = peer.json("GET", f"/{name}/x?revs=true")["_revisions"]
    assert (kept["start"], len(kept["ids"])) == (depth, min(depth, limit))
    return edits


def replicated(server: Serving, depth: int) -> str:
    """Write one revision with a history of that depth, then one more over it, and read it as a replicator does."""
    peer = server.peer()
    peer.call("PUT", "/deep")
    peer.call("PUT", "/deep/_revs_limit", str(depth).encode())
    told = []
    for start in (depth, depth + 1):
        ids = [hashlib.md5(b"%d" % number).hexdigest() for number in range(start, start - depth, -1)]
        doc = {"_id": "x", "_rev": f"{start}-{ids[0]}", "_revisions": {"start": start, "ids": ids}}
        body = json.dumps({"new_edits": False, "docs": [doc]}).encode()
        started = time.perf_counter()
        assert peer.json("POST", "/deep/_bulk_docs", body) == []
        told.append(f"{'over it' if told else 'new'} {(time.perf_counter() - started) * 1000:.0f} ms")
        started = time.perf_counter()
        asked = json.dumps({"docs": [{"id": "x", "rev": doc["_rev"]}]}).encode()
        found = peer.json("POST", "/deep/_bulk_get?revs=true&latest=true", asked)["results"][0]["docs"][0]["ok"]
        assert found["_revisions"] == doc["_revisions"]
        told.append(f"read {(time.perf_counter() - started) * 1000:.0f} ms")
    return ", ".join(told)


@dataclass
class Deep:
    """Edits over a deep history, in seconds each, beside those of a short one."""

    short: float
    deep: float
    lengths: list[int]
    """Of the history, as it was told after each edit."""


def over_deep(server: Serving, depth: int) -> Deep:
    """Edit a document whose history is that deep, and one without, some times."""
    replicated(server, depth)
    peer = server.peer()
    took: dict[str, list[float]] = {"x": [], "short": []}
    lengths = []
    rev = _rev(peer, "/deep/x")
    short = peer.json("PUT", "/deep/short", b"{}")["rev"]
    for number in range(9):
        for id_, each in took.items():
            started = time.perf_counter()
            new = peer.json("PUT", f"/deep/{id_}?rev={rev if id_ == 'x' else short}", b'{"n":%d}' % number)["rev"]
            each.append(time.perf_counter() - started)
            rev, short = (new, short) if id_ == "x" else (rev, new)
        if number % 4 == 0:
            lengths.append(len(peer.json("GET", "/deep/x?revs=true")["_revisions"]["ids"]))
    return Deep(median(took["short"]), median(took["x"]), lengths)


def document(server: Serving) -> str:
    """Send a document of nearly 8 MB through all that carries documents; return what each took."""
    peer = server.peer()
    path = "/great"
    peer.call("PUT", path)
    text = b'{"text":"%b"}' % ("进百家门" * (8 * MB // 12 - 20)).encode()
    works = {
        "PUT": ("PUT", "/x", text),
        "GET": ("GET", "/x", None),
        "_bulk_docs": ("POST", "/_bulk_docs", b'{"docs":[{"_id":"y",' + text[1:] + b"]}"),
        "_changes": ("GET", "/_changes?include_docs=true", None),
        "_all_docs": ("GET", "/_all_docs?include_docs=true", None),
        "_bulk_get": ("POST", "/_bulk_get?revs=true", b'{"docs":[{"id":"x"},{"id":"y"}]}'),
        "_find": ("POST", "/_find", b'{"selector":{"text":{"$exists":true}}}'),
    }
    before = server.rested()
    told = []
    for work, (method, path_, body) in works.items():
        started = time.perf_counter()
        answer = peer.call(method, path + path_, body)
        told.append(f"{work} {time.perf_counter() - started:.2f} s")
        assert method == "PUT" or work == "_bulk_docs" or text[1:-1] in answer
    return ", ".join(told) + f"; memory grew by {server.peak() - before:.0f} MB"


@dataclass
class Feeds:
    """Many feeds at once."""

    memory: int
    """Megabytes, the most that the server held."""
    woken: float
    """Seconds from a write until all feeds had it."""
    write: float
    """Seconds of the write itself."""
    alone: float
    """Seconds of a write without any feed."""

    def __str__(self) -> str:
        return (
            f"the server's memory {self.memory} MB; a write {self.write * 1000:.1f} ms (without feeds "
            f"{self.alone * 1000:.1f} ms); all woken after {self.woken * 1000:.0f} ms"
        )


async def waiting(server: Serving, feed: str, count: int) -> Feeds:
    """Open ``count`` feeds, write once, and wait until each has told of it."""
    writer = server.peer()
    await asyncio.to_thread(writer.call, "PUT", f"/feeds-{feed}")

    async def write(id_: str) -> float:
        started = time.perf_counter()
        await asyncio.to_thread(writer.call, "PUT", f"/feeds-{feed}/{id_}", b"{}")
        return time.perf_counter() - started

    alone = median([await write(f"warm{number}") for number in range(20)])
    server.rested()
    async with contextlib.AsyncExitStack() as held:
        opened = await asyncio.gather(*(held.enter_async_context(_feed(server, feed)) for _ in range(count)))
        told = [asyncio.ensure_future(_told(each, b'"new"')) for each in opened]
        started = time.perf_counter()
        took = await write("new")
        await asyncio.gather(*told)
        woken = time.perf_counter() - started
        return Feeds(server.memory(), woken, took, alone)


@contextlib.asynccontextmanager
async def _feed(server: Serving, feed: str) -> AsyncIterator[asyncio.StreamReader]:
    told = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(told.hostname, told.port)
    path = f"{told.path}/feeds-{feed}/_changes?feed={feed}&since=now&heartbeat=30000"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46cGFzcw==\r\n\r\n".encode())
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0], head
        yield reader
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _told(reader: asyncio.StreamReader, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        piece = await reader.read(4096)
        assert piece, seen
        seen += piece


def listings(count: int) -> None:
    """Print what lists of all of many documents need of memory."""
    with tempfile.TemporaryDirectory() as folder:
        load(Path(folder), ((f"{number:08d}", {"n": number}, None, ()) for number in range(count)))
        with serving(Path(folder)) as server:
            for path in ("_changes", "_changes?descending=true", "_all_docs", "_all_docs?include_docs=true"):
                before, length = server.rested(), 0
                started = time.perf_counter()
                for piece in server.peer().pieces(f"/{SCOPED}/{path}"):
                    length += len(piece)
                took, grown = time.perf_counter() - started, server.peak() - before
                say(f"{path} of {count:,}: {length / MB:.0f} MB in {took:.1f} s; memory grew by {grown:.1f} MB")


def _rev(peer: Peer, path: str) -> str:
    return str(peer.json("GET", path)["_rev"])
