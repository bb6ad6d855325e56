"""A network at its worst: an HTTP proxy that loses, cuts, repeats, delays and answers in the server's place.

What happens to which request is drawn from a seeded generator, so a bad run can be run again.
"""

import asyncio
import random
import re
import threading
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

import httpx

PORTAL: Final = b"<!doctype html><title>Welcome</title><p>Please accept our terms to use this network."
HEAD: Final = 64 * 1024
FATES: Final = (
    "lost on the way",
    "lost on the way back",
    "answer cut",
    "answer cut as if whole",
    "question cut as if whole",
    "sent twice",
    "late",
    "502 in HTML",
    "503",
    "captive portal",
    "captive redirect",
)
INSTEAD: Final = {
    "502 in HTML": (502, "text/html", b"<html><h1>502 Bad Gateway</h1></html>", ""),
    "503": (503, "application/json", b'{"error":"service_unavailable","reason":"busy"}', "Retry-After: 0\r\n"),
    "captive portal": (200, "text/html", PORTAL, ""),
    "captive redirect": (302, "text/html", PORTAL, "Location: http://127.0.0.1:1/portal\r\n"),
}
FOR_WHOLE: Final = frozenset({"captive portal", "answer cut as if whole"})
"""What a client that looks neither at an attachment's digest nor at its length takes for the attachment."""
ATTACHMENT: Final = re.compile(r"(/sync)?/[^/?]+/[^_/?][^/?]*/[^?]")


class Proxy:
    """Passes requests on to ``root`` (``http://host:port``), all but a share ``rate`` of them unharmed.

    A ``gullible`` client's attachments are spared what it would take for whole ones. ``pages`` are the proxy's own:
    their type and content by their path. ``login`` (name:pass) is that of clients who have none.
    """

    def __init__(
        self,
        root: str,
        *,
        seed: int,
        rate: float,
        fates: tuple[str, ...] = FATES,
        gullible: bool = False,
        pages: Mapping[str, tuple[str, bytes]] | None = None,
        login: str = "",
    ) -> None:
        self.happened: Final[Counter[str]] = Counter()
        self.rate = rate
        self._root: Final = root
        self._random: Final = random.Random(seed)
        self._fates: Final = fates
        self._auth: Final = httpx.BasicAuth(*login.split(":")) if login else None
        self._left: list[str] = []
        self._gullible: Final = gullible
        self._pages: Final = pages or {}
        self._ready: Final = threading.Event()
        self._thread: Final = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._loop
        assert self._stop
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as upstream:

            async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = asyncio.current_task()
                assert task
                assert self._stop
                tasks.add(task)
                try:
                    while not self._stop.is_set() and await self._one(upstream, reader, writer):
                        pass
                except (OSError, asyncio.IncompleteReadError, httpx.HTTPError):
                    pass  # one of the sides is gone
                except asyncio.CancelledError:
                    writer.transport.abort()  # the test is over, and perhaps nobody reads
                finally:
                    writer.close()
                    try:
                        await writer.wait_closed()
                    except (OSError, asyncio.CancelledError):
                        writer.transport.abort()
                    tasks.discard(task)

            server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=HEAD)
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self._ready.set()
            await self._stop.wait()
            # closed at once it would leave open the sockets of those who come in at this moment
            self._loop.remove_reader(server.sockets[0].fileno())
            for task in tasks:
                task.cancel()
            while left := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(left)
            server.close()

    async def _one(
        self, upstream: httpx.AsyncClient, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Pass one request on; return whether the connection stays open."""
        line, *fields = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = line.split(" ")
        headers = [(name.lower(), value.strip()) for name, _, value in (each.partition(":") for each in fields if each)]
        body = await _body(reader, dict(headers))
        if path in self._pages:
            kind, text = self._pages[path]
            writer.write(_head(200, kind, len(text), "") + text)
            await writer.drain()
            return True
        fate = self._fate(method, path)
        if fate == "lost on the way":
            return False
        if fate in INSTEAD:
            status, kind, text, more = INSTEAD[fate]
            writer.write(_head(status, kind, len(text), more) + text)
            await writer.drain()
            return True
        if fate == "late":
            await asyncio.sleep(self._random.random() / 5)
        if fate == "question cut as if whole":
            body = body[: len(body) // 2]
        for _ in range(2 if fate == "sent twice" else 1):
            response = await upstream.request(
                method,
                self._root + path,
                content=body or None,
                headers=[each for each in headers if each[0] not in {"content-length", "transfer-encoding", "host"}],
                auth=self._auth,
            )
        if fate == "lost on the way back":
            return False
        head, text, whole = _answer(response, fate, bare=method == "HEAD")
        writer.write(head + text)
        await writer.drain()
        return whole

    def _fate(self, method: str, path: str) -> str:
        """Draw what happens to a request; each mishap comes once before any comes again."""
        fate = "well"
        if self._random.random() < self.rate:
            if not self._left:
                self._left = self._random.sample(self._fates, len(self._fates))
            fate = self._left.pop()
        if self._gullible and fate in FOR_WHOLE and method == "GET" and ATTACHMENT.match(path):
            fate = "well"
        self.happened[fate] += 1
        return fate


def _answer(response: httpx.Response, fate: str, *, bare: bool) -> tuple[bytes, bytes, bool]:
    """Return head and body of an answer, and whether the body is as long as the head says."""
    text = response.content
    length = len(text)
    if fate.startswith("answer cut"):
        text = text[: length // 2]
    if fate == "answer cut as if whole":
        length = len(text)
    more = "".join(
        f"{name}: {value}\r\n"
        for name, value in response.headers.items()
        if name not in {"content-length", "transfer-encoding", "content-encoding", "content-type", "connection"}
    )
    if bare:
        text, length = b"", int(response.headers.get("content-length", "0"))
    kind = response.headers.get("content-type", "application/octet-stream")
    return _head(response.status_code, kind, length, more), text, len(text) == length


def _head(status: int, kind: str, length: int, more: str) -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\r\n".encode("latin-1")


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    pieces = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        pieces.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    return b"".join(pieces)
