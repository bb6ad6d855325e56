"""What the tests of replication share: servers, databases full of trouble, and what it means that two are equal."""

import asyncio
import base64
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import httpx
import uvicorn

from sync.limits import Limits
from sync.replicator.settings import ReplicatorSettings
from tests.protocol import serve

QUICK: Final = ReplicatorSettings(first_wait=0.01, longest_wait=0.3, retries=14, checkpoint_seconds=0.3)
LONG: Final = "BAIJIAMEN_TEST_NETWORKS" in os.environ
NETWORKS: Final = int(os.environ.get("BAIJIAMEN_TEST_NETWORKS", "2"))
"""Bad networks that are tried between two servers of ours; who names a number has them, and all peers, carry more."""
COUNT: Final = 10_000 if LONG else 120
"""Documents, of all kinds, that go through a bad network."""
BATCH: Final = 500 if LONG else 50
"""Documents in one request: there shall be many requests that something can happen to."""
BIG: Final = 2_500_000
"""Bytes of the attachment that is too big to be put together in memory."""


@contextmanager
def serving(folder: Path, settings: ReplicatorSettings = QUICK, limits: Limits | None = None) -> Iterator["Server"]:
    """Serve what ``folder`` holds."""
    listener = serve.listening()
    app = serve.app(folder, limits, settings)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        with Server(f"http://127.0.0.1:{listener.getsockname()[1]}", "/sync", "admin:pass") as told:
            yield told
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class Server:
    """Any server of the protocol: ``root`` is its address, ``path`` where its databases are, ``login`` name:pass."""

    def __init__(self, root: str, path: str = "", login: str = "") -> None:
        self.root: Final = root
        self.path: Final = path
        self.login: Final = login
        auth = httpx.BasicAuth(*login.split(":")) if login else None
        self.http: Final = httpx.Client(base_url=root + path, auth=auth, timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def url(self, database: str, *, by: str | None = None) -> str:
        """Return a database's URL with credentials; ``by`` is a proxy's address."""
        login = f"{self.login}@" if self.login else ""
        return (by or self.root).replace("://", f"://{login}") + f"{self.path}/{database}"

    def create(self, database: str) -> None:
        answer = self.http.put(f"/{database}")
        assert answer.status_code in {201, 412}, answer.text

    def store(self, database: str, docs: Sequence[dict[str, Any]], *, at_once: int = 500) -> None:
        """Store revisions made elsewhere."""
        for start in range(0, len(docs), at_once):
            some = {"docs": docs[start : start + at_once], "new_edits": False}
            answer = self.http.post(f"/{database}/_bulk_docs", json=some)
            assert answer.status_code == 201, answer.text
            assert not [each for each in answer.json() if each.get("error")], answer.text

    def replicate(self, source: str, target: str, **more: Any) -> Any:
        """Replicate and return what the server told; it must have worked."""
        answer = self.http.post("/_replicate", json={"source": source, "target": target, **more})
        assert answer.status_code in {200, 202}, answer.text
        return answer.json()

    def eventually(self, source: str, target: str, *, seconds: float = 90) -> Any:
        """Replicate, again and again if need be, until it worked from end to end; return what the server told."""
        end = time.monotonic() + seconds
        while (told := self.once(source, target)) is None:
            assert time.monotonic() < end, "it does not end"
        return told

    def once(self, source: str, target: str, *, patience: float = 60) -> Any:
        """Replicate; return what the server told, ``None`` when it failed or took more than ``patience`` seconds."""
        asked = {"source": source, "target": target, "create_target": True, "worker_batch_size": BATCH}
        try:
            answer = self.http.post("/_replicate", json=asked, timeout=patience)
        except httpx.ReadTimeout:
            return None
        told = answer.json()
        return told if answer.status_code == 200 and told.get("ok") else None

    def leaves(self, database: str) -> dict[str, list[str]]:
        """Return every document's leaves."""
        rows = self.http.get(f"/{database}/_changes", params={"style": "all_docs"}).json()["results"]
        return {row["id"]: sorted(each["rev"] for each in row["changes"]) for row in rows}

    def winners(self, database: str) -> dict[str, str]:
        """Return the revision that every live document shows."""
        return {id_: rev for id_, (rev, _) in self._shown(database).items()}

    def held(self, database: str) -> dict[str, Any]:
        """Return every document: the winner of a live one, and each leaf with its history and attachments' bytes."""
        shown, held = self._shown(database), {}
        for id_, revs in self.leaves(database).items():
            winner, doc = shown.get(id_, (None, {}))
            if len(revs) == 1 and winner is not None and "_attachments" not in doc:
                held[id_] = leaf(winner, [doc])
                continue
            asked = {"open_revs": "all", "revs": "true", "attachments": "true"}
            at = f"/{database}/{quote(id_, safe='' if id_[0] != '_' else '/')}"
            answer = self.http.get(at, params=asked, headers={"accept": "application/json"})
            assert answer.status_code == 200, answer.text
            held[id_] = leaf(winner, [each["ok"] for each in answer.json()])
        return held

    def _shown(self, database: str) -> dict[str, tuple[str, Any]]:
        rows = self.http.get(f"/{database}/_all_docs", params={"include_docs": "true"}).json()["rows"]
        return {row["id"]: (row["value"]["rev"], row["doc"]) for row in rows}

    def attachment(self, database: str, id_: str, name: str) -> bytes:
        answer = self.http.get(f"/{database}/{id_}/{name}")
        assert answer.status_code == 200, answer.text
        return answer.content


def leaf(winner: str | None, docs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what :meth:`Server.held` has of one document: ``docs`` are its leaves, ``winner`` what is shown of it."""
    told: dict[str, Any] = {"winner": winner}
    for doc in docs:
        plain = {name: value for name, value in doc.items() if name != "_attachments"}
        for name, each in doc.get("_attachments", {}).items():
            plain.setdefault("attached", {})[name] = each["content_type"], each["data"]
        told[doc["_rev"]] = plain
    return told


def same(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Assert that two sides hold the same of every document."""
    differ = {id_: (mine.get(id_), theirs.get(id_)) for id_ in mine | theirs if mine.get(id_) != theirs.get(id_)}
    assert not differ, f"{len(differ)} of {len(mine)} and {len(theirs)}: {str(differ)[:2000]}"


def equal(one: Server, first: str, two: Server, second: str) -> None:
    """Assert that two databases hold the same: leaves, winners, fields, histories, attachments' bytes."""
    same(one.leaves(first), two.leaves(second))
    same(one.held(first), two.held(second))


def until(holds: Callable[[], object], what: str, seconds: float = 30) -> Any:
    """Wait until ``holds`` returns something true, and return that."""
    end = time.monotonic() + seconds
    while not (told := holds()):
        assert time.monotonic() < end, f"in time: {what}"
        time.sleep(0.02)
    return told


def attached(data: bytes, kind: str = "image/jpeg", revpos: int = 1) -> dict[str, Any]:
    return {"content_type": kind, "revpos": revpos, "data": base64.b64encode(data).decode()}


def revision(id_: str, generation: int, *digests: str, **fields: Any) -> dict[str, Any]:
    """Return a document with its line of revisions, newest first."""
    return {
        "_id": id_,
        "_rev": f"{generation}-{digests[0]}",
        "_revisions": {"start": generation, "ids": list(digests)},
        **fields,
    }


def trouble(count: int, seed: int = 1, kind: str = "doc") -> list[dict[str, Any]]:
    """Return the revisions of about ``count`` documents: plain, edited, deleted, in conflict, with attachments.

    Most ids begin with ``kind``.
    """
    chance = random.Random(seed)

    def digest() -> str:
        return f"{chance.getrandbits(128):032x}"

    docs = []
    for n in range(count):
        id_ = (
            chance.choice([f"{kind}:{n}", f"{kind}/b {n} 进", f"q?x={kind}{n}&y#z+"]) if n % 10 == 0 else f"{kind}:{n}"
        )
        first = digest()
        fields: dict[str, Any] = {"n": n, "note": "走访 visited " * chance.randint(1, 20)}
        lot = chance.random()
        if lot < 0.7:
            docs.append(revision(id_, 1, first, **fields))
        elif lot < 0.8:
            line = [digest() for _ in range(chance.randint(2, 12))]
            docs.append(revision(id_, len(line), *line, **fields))
        elif lot < 0.87:
            docs.append(revision(id_, 2, digest(), first, _deleted=True))
        elif lot < 0.95:
            docs += [
                revision(
                    id_,
                    2,
                    digest(),
                    first,
                    side=side,
                    _attachments={side: attached(side.encode() * 99, revpos=2)},
                    **fields,
                )
                for side in ("left", "right")
            ]
            docs.append(revision(id_, 3, digest(), digest(), first, _deleted=True))
        else:
            content = chance.randbytes(chance.randint(1, 5000))
            docs.append(revision(id_, 1, first, _attachments={"a b/照片.jpg": attached(content)}, **fields))
    docs.append(revision(f"_design/{kind}", 1, digest(), language="query"))
    docs.append(
        revision(
            f"big {kind}" if kind != "doc" else "big",
            1,
            digest(),
            _attachments={"x": attached(random.Random(7).randbytes(BIG))},
        )
    )
    return docs
