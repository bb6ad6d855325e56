"""python-couchdb, an independent and synchronous client."""

import base64
import io
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import couchdb
import pytest

from tests.protocol.proxy import Proxy
from tests.protocol.replication import COUNT, attached, revision, trouble, until
from tests.protocol.serve import Running

BIN: Final = Path(sys.executable).parent
LOGIN: Final = ("--username", "admin", "--password", "pass")


@pytest.fixture
def couch(server: Running) -> Any:
    parts = urlsplit(server.url)
    return couchdb.Server(f"http://admin:pass@{parts.netloc}{parts.path}/")


async def test_a_plain_client_gets_along(couch: Any) -> None:
    assert couch.version()
    assert len(couch.uuids(2)) == 2
    database = couch.create("python-couchdb")
    assert "python-couchdb" in couch
    id_, rev = database.save({"type": "visit", "note": "走访"})
    assert database[id_]["note"] == "走访"
    database["a/b"] = {"n": 1}
    doc = database["a/b"]
    doc["n"] = 2
    database.save(doc)
    assert [each["_rev"][:2] for each in database.revisions("a/b")] == ["2-", "1-"]
    with pytest.raises(couchdb.ResourceConflict):
        database.save({"_id": id_, "_rev": "1-old"})
    database.put_attachment(database[id_], io.BytesIO(b"hello"), "a.txt", "text/plain")
    assert database.get_attachment(id_, "a.txt").read() == b"hello"
    database.delete_attachment(database[id_], "a.txt")
    assert database.get_attachment(id_, "a.txt") is None
    assert [ok for ok, _, _ in database.update([{"_id": "c"}, {"_id": "d"}])] == [True, True]
    assert [row.id for row in database.view("_all_docs", keys=["c", "d"])] == ["c", "d"]
    assert {row["id"] for row in database.changes()["results"]} == {id_, "a/b", "c", "d"}
    database.delete(database["c"])
    assert "c" not in database
    assert database.get("c") is None
    assert len(database) == 3
    assert database.info()["doc_del_count"] == 1
    assert rev != database[id_].rev
    with pytest.raises(couchdb.PreconditionFailed):
        couch.create("python-couchdb")
    couch.delete("python-couchdb")
    assert "python-couchdb" not in couch


def test_conflicts_and_attachments(couch: Any) -> None:
    database = couch.create("pc-conflicts")
    photo = random.Random(1).randbytes(40_000)
    for side, digest in (("left", "bb"), ("right", "cc")):
        doc = revision("x", 2, digest, "aa", side=side, _attachments={"photo.jpg": attached(photo + side.encode())})
        assert database.update([doc], new_edits=False) == []
    doc = database.get("x", conflicts=True)
    assert (doc["_rev"], doc["_conflicts"]) == ("2-cc", ["2-bb"])
    leaves = database.get("x", open_revs="all")
    assert sorted(each["ok"]["side"] for each in leaves) == ["left", "right"]
    assert database.get_attachment("x", "photo.jpg").read() == photo + b"right"
    whole = database.get("x", rev="2-bb", attachments=True)
    assert base64.b64decode(whole["_attachments"]["photo.jpg"]["data"]) == photo + b"left"
    [(done, id_, rev)] = database.update([{"_id": "x", "_rev": "2-bb", "_deleted": True}])
    assert (done, id_, rev[:2]) == (True, "x", "3-")
    assert "_conflicts" not in database.get("x", conflicts=True)
    [(done, id_, error)] = database.update([{"_id": "x", "_rev": "2-bb"}])
    assert (done, id_, type(error)) == (False, "x", couchdb.ResourceConflict)
    database.put_attachment(database["x"], "走访".encode(), "a b/记录.txt", "text/plain;charset=utf-8")
    assert database.get_attachment("x", "a b/记录.txt").read().decode() == "走访"
    assert set(database["x"]["_attachments"]) == {"photo.jpg", "a b/记录.txt"}
    database.copy("x", "y")
    assert database.get_attachment("y", "photo.jpg").read() == photo + b"right"


def test_feeds_bulk_and_queries(couch: Any) -> None:
    database = couch.create("pc-bulk")
    docs = [{"_id": f"d{n:05}", "n": n, "note": "走访"} for n in range(COUNT)]
    told = [each for start in range(0, COUNT, 500) for each in database.update(docs[start : start + 500])]
    assert all(done for done, _, _ in told)
    assert [row.id for row in database.iterview("_all_docs", 50)] == [doc["_id"] for doc in docs]
    page = database.changes(limit=10)
    assert [row["id"] for row in page["results"]] == [doc["_id"] for doc in docs[:10]]
    rest = database.changes(since=page["last_seq"], style="all_docs", include_docs=True)
    assert [row["doc"]["n"] for row in rest["results"]] == list(range(10, COUNT))
    live = database.changes(feed="continuous", since=rest["last_seq"], heartbeat=1000, timeout=10_000)
    database["d00003"] = {**database["d00003"], "n": -3}
    database.delete(database["d00004"])
    seen = [next(live), next(live)]
    assert [(row["id"], row.get("deleted", False)) for row in seen] == [("d00003", False), ("d00004", True)]
    live.close()
    polled = database.changes(feed="longpoll", since=rest["last_seq"], filter="_design")
    assert polled["results"] == []
    index = database.index()
    index["by", "n"] = ["n"]
    found = database.find({"selector": {"n": {"$lt": 3}}, "sort": ["n"], "fields": ["_id", "n"]})
    assert [row["n"] for row in found] == [-3, 0, 1, 2]
    assert database.explain({"selector": {"n": 1}})["index"]["name"] == "n"
    assert ("_design/by", "n", [{"n": "asc"}]) in [
        (each["ddoc"], each["name"], each["def"]["fields"]) for each in index
    ]
    del index["by", "n"]
    purged = database.purge([database["d00005"]])
    assert list(purged["purged"]) == ["d00005"]
    assert database.get("d00005") is None
    database.security = {"members": {"names": ["phone"]}}
    assert database.security["members"]["names"] == ["phone"]
    assert database.compact()
    assert database.commit()["ok"]


def test_its_replication_tool(server: Running, couch: Any) -> None:
    """By a network at its worst. It wants a root as address, has no log-in and gives up at the first error."""
    database = filled(couch, "pc-replicated")
    with Proxy(server.url, seed=11, rate=0.1, login="admin:pass") as proxy:
        command = [BIN / "couchdb-replicate", f"{proxy.url}/pc-replicated", f"{proxy.url}/pc-replica"]
        until(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, "it ends well", 120)
    alike(database, couch["pc-replica"])


def test_its_dump_is_loaded_again(server: Running, couch: Any, tmp_path: Path) -> None:
    database = filled(couch, "pc-dumped")
    dump = tmp_path / "dump"
    with dump.open("wb") as out:
        command = [BIN / "couchdb-dump", *LOGIN, f"{server.url}/pc-dumped"]
        subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, check=True)
    copy = couch.create("pc-loaded")
    command = [BIN / "couchdb-load", *LOGIN, "--input", dump, f"{server.url}/pc-loaded"]
    subprocess.run(command, stderr=subprocess.DEVNULL, check=True)
    alike(database, copy)


def filled(couch: Any, name: str) -> Any:
    """Make a database of documents without conflicts: the tools know of none."""
    database = couch.create(name)
    docs = [doc for doc in trouble(COUNT)[:-1] if doc["_rev"][0] != "3" and "side" not in doc]
    for start in range(0, len(docs), 500):
        database.update(docs[start : start + 500], new_edits=False)
    return database


def alike(one: Any, two: Any) -> None:
    """Assert that two databases show the same documents with the same attachments."""
    mine, theirs = ({row.id: row.doc for row in each.view("_all_docs", include_docs=True)} for each in (one, two))
    assert mine.keys() == theirs.keys()
    assert len(mine) > COUNT / 2
    for id_, doc in mine.items():
        assert plain(theirs[id_]) == plain(doc)
        for name in doc.get("_attachments", {}):
            assert one.get_attachment(id_, name).read() == two.get_attachment(id_, name).read()


def plain(doc: Any) -> dict[str, Any]:
    """Return a document's own fields."""
    return {name: value for name, value in doc.items() if name[0] != "_"}
