"""python-couchdb, an independent and synchronous client."""

import io
from typing import Any
from urllib.parse import urlsplit

import couchdb
import pytest

from tests.protocol.serve import Running


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
