"""Many phones that come back into the network at once; each is logged in, pushes a few documents and pulls its area."""

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.documents import batches, fields
from tests.bench.report import say, spread
from tests.bench.serving import Loaded, Serving, load, serving

PULLED = 50
PUSHED = 5
AUTHORIZATION = "Basic cGhvbmU6cGFzcw=="  # phone:pass


def storm(phones: int) -> None:
    """Print how long a phone's requests and its whole round take, and what memory the server needs for all of them."""
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        load(folder, _areas(phones))
        with serving(folder) as server:
            before = server.memory()
            start = time.perf_counter()
            rounds, requests = asyncio.run(_all(server, phones))
            took = time.perf_counter() - start
            say(f"{phones:,} phones in {took:.1f} s; a round: {spread(rounds)}; a request: {spread(requests)}")
            say(f"server memory: {before} MB before, at most {server.memory()} MB")


def _areas(phones: int) -> Iterator[Loaded]:
    rng = random.Random(phones)
    for phone in range(phones):
        for number in range(PULLED):
            yield f"visit:{phone}:{number}", fields(number, rng), f"a{phone}", (f"a{phone}",)


async def _all(server: Serving, phones: int) -> tuple[list[float], list[float]]:
    requests: list[float] = []
    work = [batches(f"phone {phone}", PUSHED)[0] for phone in range(phones)]
    rounds = await asyncio.gather(*(_round(server, phone, work[phone], requests) for phone in range(phones)))
    return list(rounds), requests


async def _round(server: Serving, phone: int, batch: object, requests: list[float]) -> float:
    told = urlsplit(server.url)
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection(told.hostname, told.port)

    async def call(method: str, path: str, body: bytes = b"") -> bytes:
        begun = time.perf_counter()
        head = (
            f"{method} {told.path}/area-a{phone}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTHORIZATION}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        status = int(answer.split(b" ", 2)[1])
        length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        data = await reader.readexactly(length)
        requests.append(time.perf_counter() - begun)
        assert status in {200, 201}, (status, data)
        return data

    await call("POST", "/_revs_diff", batch.diff)  # type: ignore[attr-defined]
    await call("POST", "/_bulk_docs", batch.replicated)  # type: ignore[attr-defined]
    told_changes = json.loads(await call("GET", f"/_changes?style=all_docs&limit={PULLED}&since=0"))
    asked = [{"id": row["id"], "rev": row["changes"][0]["rev"]} for row in told_changes["results"]]
    got = await call("POST", "/_bulk_get?revs=true&latest=true", json.dumps({"docs": asked}).encode())
    assert got.count(b'"_revisions"') == PULLED
    writer.close()
    return time.perf_counter() - start
