"""Several servers, the same works, in turns: A B A B …"""

import os
import time
from statistics import median

from tests.bench import bare
from tests.bench.documents import batches
from tests.bench.peer import Peer
from tests.bench.report import line, say
from tests.bench.works import everything

BARE = "bare loop"


def compare(urls: list[str], rounds: int, count: int) -> None:
    """Print what each server does of each work, and the first server's ratio to each other and to the bare loop."""
    peers = [Peer(url) for url in urls]
    rates: list[list[dict[str, float]]] = [[] for _ in peers]
    loops: list[float] = []
    for turn in range(rounds + 1):
        tag = f"{int(time.time())}-{turn}"
        work = batches(tag, count)
        got = [everything(peer, tag, work) for peer in peers]
        loop = bare.run(work)
        if turn:  # the first turn warms all of them up
            loops.append(loop)
            for each, told in zip(rates, got, strict=True):
                each.append(told)
    say(f"{count} documents, {rounds} turns, load {os.getloadavg()[0]:.1f}; {BARE} {median(loops):,.0f} documents/s")
    for work_name in rates[0][0]:
        first = [told[work_name] for told in rates[0]]
        parts = [f"{median(first):>10,.0f}"]
        for other in rates[1:]:
            theirs = [told[work_name] for told in other]
            parts.append(f"{median(theirs):>10,.0f}  " + line([a / b for a, b in zip(first, theirs, strict=True)]))
        if work_name.startswith(("push", "pull")):
            parts.append(f"of the {BARE} " + line([a / b for a, b in zip(first, loops, strict=True)]))
        say(f"{work_name:20} " + "  ".join(parts))
