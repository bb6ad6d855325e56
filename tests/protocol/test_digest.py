"""``_digest``: what is asked and answered. That the numbers are right is shown in tests/contracts."""

import hashlib
from typing import Any

import httpx
import pytest

from tests.protocol.serve import Running


def share(id_: str, rev: str) -> int:
    return int(hashlib.md5(f"{id_}\0{rev}".encode(), usedforsecurity=False).hexdigest(), 16)


def digest(documents: dict[str, str]) -> str:
    return f"{sum(share(*each) for each in documents.items()) % 2**62:016x}"


@pytest.fixture
def three(http: httpx.Client, db: str) -> dict[str, str]:
    docs = [{"_id": "a"}, {"_id": "户"}, {"_id": "_design/d"}]
    return {each["id"]: each["rev"] for each in http.post(f"{db}/_bulk_docs", json={"docs": docs}).json()}


def test_a_client_computes_the_same(told: Any, db: str, three: dict[str, str]) -> None:
    same = {"seq": "3", "count": 3, "digest": digest(three), "changed": []}
    for query in ("", "?since=now", "?since=3-x", '?since="3"', "?since=99", "?without=[]&buckets=0"):
        assert told("GET", f"{db}/_digest{query}") == (200, same), query
    assert told("POST", f"{db}/_digest", {}) == told("POST", f"{db}/_digest", {"since": 3}) == (200, same)


def test_what_changed_later_or_was_not_sent_is_left_out(told: Any, db: str, three: dict[str, str]) -> None:
    a = {"a": three["a"]}
    expected = {"seq": "2", "count": 1, "digest": digest(a), "changed": ["_design/d"]}
    asked = {"since": "2", "without": ["户", "nowhere", "_design/d"]}
    assert told("POST", f"{db}/_digest", asked) == (200, expected)
    assert told("GET", f'{db}/_digest?since=2&without=["户"]') == (200, expected)
    assert told("DELETE", f"{db}/a?rev={three['a']}")[0] == 200
    assert told("GET", f"{db}/_digest?since=3")[1] | {"digest": ""} == {
        "seq": "3",
        "count": 2,
        "digest": "",
        "changed": ["a"],
    }


def test_buckets_lead_to_the_documents(told: Any, db: str, three: dict[str, str]) -> None:
    place = share("a", three["a"]) >> 120
    asked = {"buckets": 256, "list": [place]}
    status, answer = told("POST", f"{db}/_digest", asked)
    assert status == 200
    here = {id_: rev for id_, rev in three.items() if share(id_, rev) >> 120 == place}
    assert dict(answer["documents"]) == here
    assert len(answer["buckets"]) == 256
    assert answer["buckets"][place] == [len(here), digest(here)]
    assert (answer["count"], answer["digest"]) == (3, digest(three))


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("since=x", "bad_request"),
        ("since=-1", "bad_request"),
        ("since=%C2%B2", "bad_request"),
        ("buckets=3", "query_parse_error"),
        ("buckets=8192", "query_parse_error"),
        ("buckets=-2", "query_parse_error"),
        ("buckets=true", "query_parse_error"),
        ("list=[0]", "bad_request"),
        ("buckets=2&list=[2]", "bad_request"),
        ("buckets=2&list=[true]", "bad_request"),
        ("buckets=2&list={}", "bad_request"),
        ("without=x", "bad_request"),
        ("without=[1]", "bad_request"),
        ("without=0", "bad_request"),
        ("limit=1", "query_parse_error"),
    ],
)
def test_what_is_wrong_is_told(told: Any, db: str, query: str, error: str) -> None:
    status, answer = told("GET", f"{db}/_digest?{query}")
    assert (status, answer["error"]) == (400, error)


def test_bounds(told: Any, db: str, server: Running) -> None:
    assert told("POST", f"{db}/_digest", {"without": ["x"] * 601})[0] == 413
    for part in range(2):
        docs = [{"_id": f"{part}-{n}"} for n in range(550)]
        assert told("POST", f"{db}/_bulk_docs", {"docs": docs})[0] == 201
    status, answer = told("GET", f"{db}/_digest?since=1")
    assert (status, answer["error"]) == (412, "pull_first")
    assert len(told("GET", f"{db}/_digest?since=100")[1]["changed"]) == 1000
    assert told("GET", "/nowhere/_digest")[0] == 404
    assert told("PUT", f"{db}/_digest", {})[0] == 405
    assert httpx.get(f"{server.url}{db}/_digest").status_code == 401
