"""Replicas of every kind, with one face: the store itself, a server process, an area of one, stock PouchDB in node."""

import asyncio
import base64
import json
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

import orjson

from sync.access import Principal, View
from sync.documents import draft
from sync.jsontext import members, parse
from sync.limits import Limits
from sync.store import Store, Written
from sync.store.database import Database
from sync.store.values import PLAIN, Ask, Revision, Show
from tests.protocol import packages
from tests.protocol.replication import Server, until

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
SOMEBODY: Final = Principal("somebody", admin=True)
ALL: Final = 1000
"""The limit of revisions unless another is set."""

Revs = Mapping[str, Sequence[str]]
"""Document id → revisions."""
Doc = dict[str, Any]


class Replica(Protocol):
    """One database. Documents go in and out as JSON has them."""

    @property
    def name(self) -> str: ...

    @property
    def url(self) -> str | None:
        """Return where other programs reach it, if they do."""
        ...

    def get(self, id_: str, rev: str) -> Doc: ...

    def edit(self, doc: Doc) -> str:
        """Store an edit of the leaf that ``_rev`` names; return the new revision."""
        ...

    def take(self, docs: Sequence[Doc]) -> None:
        """Store revisions made elsewhere."""
        ...

    def changes(self, since: Any, limit: int | None, ids: Sequence[str] | None = None) -> tuple[Revs, Any]:
        """Return the leaves of what changed since, and where to go on."""
        ...

    def lacks(self, revs: Revs) -> Revs: ...

    def fetch(self, asked: Sequence[tuple[str, str]]) -> list[Doc]:
        """Return revisions with their history, and with their attachments inside."""
        ...

    def winners(self, ids: Sequence[str]) -> dict[str, str]: ...

    def counts(self) -> tuple[int, int | None]:
        """Return the number of live documents, and of deleted ones where that is told."""
        ...

    def compact(self) -> None: ...

    def limit(self, revs: int) -> None: ...

    def restart(self) -> None:
        """End without warning and start again on what was stored."""
        ...

    def forget(self) -> None:
        """Lose what was noted about how far replications came."""
        ...

    def digest(self) -> tuple[int, str] | None:
        """Return the proof of what it shows: count and digest, where it has one."""
        ...

    def close(self) -> None: ...


# -- the store ---------------------------------------------------------------------------------------------------------


class InMemory:
    """A database of a store in this process."""

    url = None

    def __init__(self, name: str, folder: Path) -> None:
        self.name: Final = name
        self._url: Final = f"sqlite:///{folder}/{name}.db"
        self._view: Final = View(name, name)
        self._open()
        self._store.database.write_now(self._store.create_tables_now)
        self._store.database.write_now(lambda c: self._store.create_now(c, name))

    def _open(self) -> None:
        self._store = Store(Database(self._url))

    def close(self) -> None:
        self._store.database.close()

    def get(self, id_: str, rev: str) -> Doc:
        shown = self._read(lambda c: self._store.show_now(c, self._view, id_, rev, PLAIN))
        return parse(shown.text)  # type: ignore[no-any-return]

    def edit(self, doc: Doc) -> str:
        return self._write([doc], new_edits=True)[0].rev

    def take(self, docs: Sequence[Doc]) -> None:
        self._write(docs, new_edits=False)

    def _write(self, docs: Sequence[Doc], *, new_edits: bool) -> list[Written]:
        texts = [orjson.dumps(doc) for doc in docs]
        drafts = [draft(members(text), parse(text), limits=Limits(), new_edits=new_edits) for text in texts]
        outcomes = self._store.database.write_now(
            lambda c: self._store.write_now(c, self._view, SOMEBODY, drafts, new_edits=new_edits)
        )
        written = [outcome for outcome in outcomes if isinstance(outcome, Written)]
        assert len(written) == len(docs), outcomes
        return written

    def changes(self, since: Any, limit: int | None, ids: Sequence[str] | None = None) -> tuple[Revs, Any]:
        ask = Ask(since=since or 0, limit=limit, all_leaves=True, ids=ids)
        page = self._read(lambda c: self._store.changes_now(c, self._view, ask))
        assert [change.seq for change in page.changes] == sorted({change.seq for change in page.changes})
        return {change.id: change.revs for change in page.changes}, page.last_seq

    def lacks(self, revs: Revs) -> Revs:
        told = self._read(lambda c: self._store.missing_now(c, self._view, revs))
        return {id_: absent for id_, (absent, _) in told.items()}

    def fetch(self, asked: Sequence[tuple[str, str]]) -> list[Doc]:
        show = Show(revs=True, attachments=True)
        found = self._read(lambda c: self._store.show_many_now(c, self._view, asked, show))
        return [parse(each.text) for group in found for _, each in group if isinstance(each, Revision)]

    def winners(self, ids: Sequence[str]) -> dict[str, str]:
        found = self._read(lambda c: self._store.winners_now(c, self._view, ids, PLAIN))
        return {id_: each.rev for id_, each in found.items()}

    def counts(self) -> tuple[int, int | None]:
        info = self._read(lambda c: self._store.info_now(c, self._view))
        return info.live, info.deleted

    def compact(self) -> None:
        asyncio.run(self._store.compact(self._view))

    def limit(self, revs: int) -> None:
        self._store.database.write_now(lambda c: self._store.set_revs_limit_now(c, self.name, revs))

    def restart(self) -> None:
        self.close()
        self._open()

    def forget(self) -> None:
        pass

    def digest(self) -> None:
        pass

    def _read(self, job: Any) -> Any:
        return self._store.database.read_now(job)


# -- a server ----------------------------------------------------------------------------------------------------------


class Process(Server):
    """A server process; killed, it starts again on the same port with the same data."""

    def __init__(self, place: Path | str) -> None:
        self._place: Final = place
        self._process, port = self._start(0)
        self._port: Final = port
        super().__init__(f"http://127.0.0.1:{port}", "/sync", "admin:pass")

    def _start(self, port: int) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-m", "tests.protocol.serve", str(self._place), str(port)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        return process, int(process.stdout.readline())

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    def restart(self) -> None:
        self.kill()
        self._process, _ = self._start(self._port)

    def __exit__(self, *told: object) -> None:
        super().__exit__(*told)
        self.kill()


class OverHttp:
    """A database, or with the account of a phone an area's, of a server process."""

    def __init__(self, name: str, server: Process, database: str, user: str = "admin") -> None:
        self.name: Final = name
        self.server: Final = server
        self.database: Final = database
        self.url: Final = server.url(database).replace("admin:", f"{user}:")
        if user == "admin":
            server.create(database)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        answer = self.server.http.request(method, f"/{self.database}{path}", **more)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json()

    def get(self, id_: str, rev: str) -> Doc:
        return self._ask("GET", f"/{_path(id_)}", params={"rev": rev})  # type: ignore[no-any-return]

    def edit(self, doc: Doc) -> str:
        return self._ask("PUT", f"/{_path(doc['_id'])}", json=doc)["rev"]  # type: ignore[no-any-return]

    def take(self, docs: Sequence[Doc]) -> None:
        told = self._ask("POST", "/_bulk_docs", json={"docs": list(docs), "new_edits": False})
        assert told == []

    def changes(self, since: Any, limit: int | None, ids: Sequence[str] | None = None) -> tuple[Revs, Any]:
        asked = {"style": "all_docs", "since": since or "0"} | ({} if limit is None else {"limit": limit})
        if ids is None:
            told = self._ask("GET", "/_changes", params=asked)
        else:
            told = self._ask("POST", "/_changes", params={**asked, "filter": "_doc_ids"}, json={"doc_ids": list(ids)})
        return _leaves(told["results"]), told["last_seq"]

    def lacks(self, revs: Revs) -> Revs:
        told = self._ask("POST", "/_revs_diff", json=dict(revs))
        return {id_: each["missing"] for id_, each in told.items()}

    def fetch(self, asked: Sequence[tuple[str, str]]) -> list[Doc]:
        wanted = {"docs": [{"id": id_, "rev": rev} for id_, rev in asked]}
        json_ = {"accept": "application/json"}
        told = self._ask("POST", "/_bulk_get?revs=true&attachments=true", json=wanted, headers=json_)
        return [each["ok"] for result in told["results"] for each in result["docs"]]

    def winners(self, ids: Sequence[str]) -> dict[str, str]:
        rows = self._ask("POST", "/_all_docs", json={"keys": list(ids)})["rows"]
        return {row["id"]: row["value"]["rev"] for row in rows if "value" in row}

    def counts(self) -> tuple[int, int | None]:
        info = self._ask("GET", "")
        return info["doc_count"], info["doc_del_count"]

    def compact(self) -> None:
        self._ask("POST", "/_compact", json={})

    def limit(self, revs: int) -> None:
        self._ask("PUT", "/_revs_limit", json=revs)

    def restart(self) -> None:
        self.server.restart()

    def forget(self) -> None:
        for row in self._ask("GET", "/_local_docs")["rows"]:
            self._ask("DELETE", f"/{row['id']}", params={"rev": row["value"]["rev"]})

    def digest(self) -> tuple[int, str]:
        told = self._ask("GET", "/_digest")
        return told["count"], told["digest"]

    def close(self) -> None:
        pass


def _path(id_: str) -> str:
    return quote(id_, safe="/" if id_.startswith("_design/") else "")


def _leaves(rows: Sequence[Any]) -> Revs:
    return {row["id"]: [each["rev"] for each in row["changes"]] for row in rows}


# -- stock PouchDB -----------------------------------------------------------------------------------------------------


class Node:
    """A process of node that does with PouchDB what it is told."""

    def __init__(self) -> None:
        packages.installed(packages.HERE)
        assert packages.NODE
        command = [packages.NODE, "--no-deprecation", "pouch.cjs", "obey"]
        self._process: Final = subprocess.Popen(
            command, cwd=packages.HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self._heard: Final = selectors.DefaultSelector()
        assert self._process.stdout
        self._heard.register(self._process.stdout, selectors.EVENT_READ)

    def ask(self, database: str, call: str, *given: Any) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"database": database, "call": call, "with": given}).encode() + b"\n")
        told = json.loads(self._line(30, f"{call} {given}"))
        if "ok" not in told:
            raise PouchError(told["error"], told["reason"])
        return told["ok"]

    def _line(self, seconds: float, asked: str) -> bytes:
        assert self._process.stdout
        line = b""
        while not line.endswith(b"\n"):
            assert self._heard.select(seconds), f"PouchDB does nothing: {asked}"
            piece = self._process.stdout.read(1 << 20)
            assert piece, "PouchDB is gone"
            line += piece
        return line

    def close(self) -> None:
        self._heard.close()
        self._process.communicate()


class PouchError(Exception):
    """What PouchDB threw."""


class Pouch:
    """A database of PouchDB's."""

    url = None

    def __init__(self, name: str, node: Node, database: str) -> None:
        self.name: Final = name
        self.database: Final = database
        self.node: Final = node
        self._revs = ALL
        self._ask("open", {"revs_limit": ALL})

    def _ask(self, call: str, *given: Any) -> Any:
        return self.node.ask(self.database, call, *given)

    def get(self, id_: str, rev: str) -> Doc:
        return self._ask("get", id_, {"rev": rev})  # type: ignore[no-any-return]

    def edit(self, doc: Doc) -> str:
        return self._ask("put", doc)["rev"]  # type: ignore[no-any-return]

    def take(self, docs: Sequence[Doc]) -> None:
        told = self._ask("bulkDocs", list(docs), {"new_edits": False})
        assert told == []

    def changes(self, since: Any, limit: int | None, ids: Sequence[str] | None = None) -> tuple[Revs, Any]:
        asked = {"style": "all_docs", "since": since or 0}
        asked |= {} if limit is None else {"limit": limit}
        told = self._ask("changes", asked | ({} if ids is None else {"doc_ids": list(ids)}))
        return _leaves(told["results"]), told["last_seq"]

    def lacks(self, revs: Revs) -> Revs:
        told = self._ask("revsDiff", dict(revs))
        return {id_: each["missing"] for id_, each in told.items()}

    def fetch(self, asked: Sequence[tuple[str, str]]) -> list[Doc]:
        if not asked:
            return []  # PouchDB never answers when it is asked for nothing
        wanted = [{"id": id_, "rev": rev} for id_, rev in asked]
        told = self._ask("bulkGet", {"docs": wanted, "revs": True, "attachments": True})
        return [each["ok"] for result in told["results"] for each in result["docs"]]

    def winners(self, ids: Sequence[str]) -> dict[str, str]:
        rows = self._ask("allDocs", {"keys": list(ids)})["rows"]
        return {row["id"]: row["value"]["rev"] for row in rows if "value" in row}

    def counts(self) -> tuple[int, int | None]:
        return self._ask("info")["doc_count"], None

    def compact(self) -> None:
        self._ask("compact")

    def limit(self, revs: int) -> None:
        self._revs = revs
        self.restart()

    def restart(self) -> None:
        self._ask("reopen", {"revs_limit": self._revs})

    def forget(self) -> None:
        pass

    def digest(self) -> None:
        pass

    def close(self) -> None:
        self._ask("destroy")


# -- from one to the other ---------------------------------------------------------------------------------------------


class Carrier:
    """The test's own replicator: what a client of the protocol does, with how far it came kept here."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], Any] = {}

    def forget(self, name: str) -> None:
        """Lose how far it came with a replica."""
        self._since = {pair: since for pair, since in self._since.items() if name not in pair}

    def carry(self, source: Replica, target: Replica, *, batch: int, cut: bool) -> int:
        """Carry what is new, ``batch`` documents at a time, only the first when ``cut``; return how many revisions."""
        pair = source.name, target.name
        count = 0
        while True:
            leaves, last = source.changes(self._since.get(pair), batch)
            if not leaves:
                return count
            count += _give(source, target, leaves)
            if cut:
                return count  # stored, and not yet written down
            self._since[pair] = last


def some(source: Replica, target: Replica, ids: Sequence[str]) -> None:
    """Carry some documents only."""
    leaves, _ = source.changes(None, None, ids)
    _give(source, target, leaves)


def _give(source: Replica, target: Replica, leaves: Revs) -> int:
    absent = target.lacks(leaves) if leaves else {}
    if docs := source.fetch([(id_, rev) for id_, revs in absent.items() for rev in revs]):
        target.take(docs)
    return len(docs)


def through_pouch(node: Node, source: Replica, target: Replica, *, batch: int, cut: bool, ids: Any = None) -> int:
    """Have PouchDB replicate between databases of its own and servers; return how many revisions it wrote."""
    ends = [replica.database if isinstance(replica, Pouch) else replica.url for replica in (source, target)]
    asked = {"batch_size": batch, "cut": cut} | ({} if ids is None else {"doc_ids": list(ids)})
    for _ in range(3):
        try:
            return node.ask(str(ends[0]), "replicate", ends[1], asked)["docs_written"]  # type: ignore[no-any-return]
        except PouchError as error:
            last = error  # a connection to a server that was killed meanwhile: an application tries again
    raise last


def by_servers(runner: OverHttp, source: OverHttp, target: OverHttp, *, batch: int, ids: Any = None) -> int:
    """Have ``runner``'s server replicate; return how many revisions it wrote."""
    ends = [each.database if each.server is runner.server else each.url for each in (source, target)]
    more = {} if ids is None else {"doc_ids": list(ids)}
    told = runner.server.replicate(ends[0], ends[1], worker_batch_size=batch, **more)
    return 0 if told.get("no_changes") else told["history"][0]["docs_written"]


def killed_meanwhile(runner: OverHttp, source: OverHttp, target: OverHttp) -> None:
    """Have ``runner``'s server replicate, and kill it once something arrived, or nothing would."""
    ends = [each.database if each.server is runner.server else each.url for each in (source, target)]
    before = target.changes(None, None)[1]
    asked = {"source": ends[0], "target": ends[1], "continuous": True, "worker_batch_size": 1}
    answer = runner.server.http.post("/_replicate", json=asked)
    assert answer.status_code == 202, answer.text
    if target.lacks(source.changes(None, None)[0]):
        until(lambda: target.changes(None, None)[1] != before, "something arrives")
    runner.restart()


# -- what there is to see ----------------------------------------------------------------------------------------------


class Seen:
    """A replica's leaves, and what they say."""

    def __init__(self, replica: Replica) -> None:
        self.leaves, _ = replica.changes(None, None)
        asked = [(id_, rev) for id_, revs in self.leaves.items() for rev in revs]
        self.docs: Final = {(doc["_id"], doc["_rev"]): doc for doc in replica.fetch(asked)}
        self.winners: Final = replica.winners(list(self.leaves)) if self.leaves else {}
        self.counts: Final = replica.counts()


def attached(doc: Doc) -> dict[str, tuple[str, bytes]]:
    """Return a document's attachments as type and content."""
    told = doc.get("_attachments", {})
    return {name: (each["content_type"], base64.b64decode(each["data"])) for name, each in told.items()}


@contextmanager
def processes(places: Sequence[Path | str]) -> Iterator[tuple[list[Process], Node]]:
    """Start a server on each of ``places``, and node."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Process(place)) for place in places]
        started = Node()
        stack.callback(started.close)
        yield servers, started
