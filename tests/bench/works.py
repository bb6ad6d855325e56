"""What is measured: each work is given a server and a database of it, and returns units per second."""

import json
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

from tests.bench.documents import Batch
from tests.bench.peer import Peer

SINGLES = 200
ATTACHMENT = 8 * 1024 * 1024


def rate(units: float, work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return units / (time.perf_counter() - start)


def bulk_docs(peer: Peer, db: str, work: list[Batch]) -> None:
    for batch in work:
        peer.call("POST", f"/{db}/_bulk_docs", batch.edited)


def push(peer: Peer, db: str, work: list[Batch]) -> None:
    for batch in work:
        peer.call("POST", f"/{db}/_revs_diff", batch.diff)
        peer.call("POST", f"/{db}/_bulk_docs", batch.replicated)


def changes(peer: Peer, db: str, limit: int) -> Iterator[list[dict[str, object]]]:
    since = "0"
    while True:
        told = peer.json("GET", f"/{db}/_changes?style=all_docs&limit={limit}&since={quote(str(since))}")
        if not told["results"]:
            return
        yield told["results"]
        since = told["last_seq"]


def pull(peer: Peer, db: str, limit: int) -> int:
    count = 0
    for page in changes(peer, db, limit):
        asked = [{"id": row["id"], "rev": change["rev"]} for row in page for change in row["changes"]]  # type: ignore[attr-defined]
        got = peer.call("POST", f"/{db}/_bulk_get?revs=true&latest=true", json.dumps({"docs": asked}).encode())
        if got.count(b'"_revisions"') != len(asked):
            raise SystemExit(f"{peer.name}: _bulk_get left documents out")
        count += len(asked)
    return count


def everything(peer: Peer, tag: str, work: list[Batch]) -> dict[str, float]:
    """Do all works once in databases of their own; return documents (of attachments: megabytes) per second."""
    count = sum(batch.count for batch in work)
    made, db = f"bench-{tag}-a", f"bench-{tag}-b"
    peer.rested()
    for name in (made, db):
        peer.call("PUT", f"/{name}")
    got = {
        "_bulk_docs, 500": rate(count, lambda: bulk_docs(peer, made, work)),
        "push, 500": rate(count, lambda: push(peer, db, work)),
        "pull, 500": rate(count, lambda: pull(peer, db, 500)),
        "pull, 100": rate(count, lambda: pull(peer, db, 100)),
        "_changes, 500": rate(count, lambda: [len(page) for page in changes(peer, db, 500)]),
        "_all_docs": rate(count, lambda: peer.call("GET", f"/{db}/_all_docs?include_docs=true")),
        **singles(peer, db, work[0]),
        **attachments(peer, db),
    }
    for name in (made, db):
        peer.call("DELETE", f"/{name}")
    return got


def singles(peer: Peer, db: str, batch: Batch) -> dict[str, float]:
    doc = json.loads(batch.edited)["docs"][0]
    texts = [json.dumps({**doc, "_id": f"single-{n}"}, ensure_ascii=False).encode() for n in range(SINGLES)]

    def put() -> None:
        for number, text in enumerate(texts):
            peer.call("PUT", f"/{db}/single-{number}", text)

    def get() -> None:
        for number in range(SINGLES):
            peer.call("GET", f"/{db}/single-{number}")

    return {"PUT, one": rate(SINGLES, put), "GET, one": rate(SINGLES, get)}


def attachments(peer: Peer, db: str) -> dict[str, float]:
    data = b"\xff\xd8photo" * (ATTACHMENT // 7)
    kind = "image/jpeg"
    up = rate(len(data) / 1e6, lambda: peer.call("PUT", f"/{db}/holder/image.jpg", data, kind))
    down = rate(len(data) / 1e6, lambda: peer.call("GET", f"/{db}/holder/image.jpg", None, kind))
    return {"attachment up, MB": up, "attachment down, MB": down}
