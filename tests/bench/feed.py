"""One area of 1,000 documents in stores of different sizes: what it costs must not depend on what else is there."""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.bench.documents import fields
from tests.bench.peer import Peer
from tests.bench.report import line, say
from tests.bench.serving import Loaded, load, serving
from tests.bench.works import changes, pull

OWN = 1000


def documents(count: int) -> Iterator[Loaded]:
    """Yield ``count`` documents; those of the area lie evenly among those of areas of its size."""
    rng = random.Random(count)
    for number in range(count):
        place, turn = divmod(number, count // OWN)
        area = "own" if not turn else f"other-{turn}"
        yield f"visit:{place:06d}:{number:07d}", fields(number, rng), area, (area,)


def feed(sizes: list[int], rounds: int) -> None:
    """Print the time of the area's feed, of its whole pull and of a round without news, and the ratios of the sizes."""
    with ExitStack() as stack:
        peers = []
        for size in sizes:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            start = time.perf_counter()
            load(folder, documents(size))
            megabytes = (folder / "store.db").stat().st_size / 1e6
            say(f"{size:>9,} documents loaded in {time.perf_counter() - start:,.1f} s: {megabytes:,.0f} MB")
            server = stack.enter_context(serving(folder))
            peers.append(Peer(server.url.replace("://", "://phone:pass@")))
        for name, work in (("feed of 1,000", _feed), ("pull of 1,000", _pull), ("nothing new", _nothing)):
            took: list[list[float]] = [[] for _ in peers]
            for turn in range(rounds + 3):
                for times, peer in zip(took, peers, strict=True):
                    start = time.perf_counter()
                    work(peer)
                    if turn > 2:  # the first turns warm up
                        times.append(time.perf_counter() - start)
            for size, times in zip(sizes, took, strict=True):
                ratio = line([mine / first for mine, first in zip(times, took[0], strict=True)])
                quickest = f"{min(times) * 1000:.2f} ms, ratio {min(times) / min(took[0]):.2f}"
                say(f"{name:14} in {size:>9,}: {median(times) * 1000:7.2f} ms, ratio {ratio}; the quickest {quickest}")


def _feed(peer: Peer) -> None:
    assert sum(len(page) for page in changes(peer, "area-own", 500)) == OWN


def _pull(peer: Peer) -> None:
    assert pull(peer, "area-own", 500) == OWN


def _nothing(peer: Peer) -> None:
    seq = peer.json("GET", "/area-own")["update_seq"]
    assert not peer.json("GET", f"/area-own/_changes?style=all_docs&limit=500&since={seq}")["results"]
