"""Long answers come in pages, and nobody can tell: they are what one page would be."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sync.http import paging
from tests.protocol.serve import SCOPED, Running

COUNT = 2 * paging.ROWS + 77
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def filled(server: Running) -> str:
    """The scoped database with more documents than two pages hold, the first of them with text that is long."""
    documents = (
        (f"d{n:04d}", {"n": n, "text": "x" * (50_000 if n < 100 else 10)}, "one", ("one",) if n % 2 else ("one", "two"))
        for n in range(COUNT)
    )
    server.store.database.write_now(lambda c: server.store.load_now(c, SCOPED, documents))
    return "/" + SCOPED


def ids(rows: Rows) -> list[str]:
    return [row["id"] for row in rows]


EVERY = [f"d{n:04d}" for n in range(COUNT)]
EVEN = EVERY[::2]
CHANGES: list[tuple[str, Callable[[], list[str]]]] = [
    ("", lambda: EVERY),
    ("?include_docs=true", lambda: EVERY),
    ("?descending=true", lambda: EVERY[::-1]),
    ("?descending=true&limit=700", lambda: EVERY[::-1][:700]),
    ("?descending=true&include_docs=true", lambda: EVERY[::-1]),
    ("?limit=700", lambda: EVERY[:700]),
    (f"?limit={paging.ROWS}&descending=true", lambda: EVERY[::-1][: paging.ROWS]),
    ("?limit=700&include_docs=true&style=all_docs", lambda: EVERY[:700]),
    ("?since=600&limit=600", lambda: EVERY[600:]),
]
LISTINGS: list[tuple[str, Callable[[], list[str]]]] = [
    ("", lambda: EVERY),
    ("?include_docs=true", lambda: EVERY),
    ("?descending=true", lambda: EVERY[::-1]),
    ("?skip=3&limit=700", lambda: EVERY[3:703]),
    (f"?limit={paging.ROWS}", lambda: EVERY[: paging.ROWS]),
    ("?skip=100&include_docs=true&descending=true", lambda: EVERY[::-1][100:]),
    ('?startkey="d0005"&endkey="d0999"&inclusive_end=false', lambda: EVERY[5:999]),
    ('?startkey="d0999"&endkey="d0005"&inclusive_end=false&descending=true', lambda: EVERY[999:5:-1]),
]


@pytest.mark.parametrize(("query", "wanted"), CHANGES)
def test_changes(http: httpx.Client, filled: str, query: str, wanted: Callable[[], list[str]]) -> None:
    told = http.get(f"{filled}/_changes{query}").json()
    assert ids(told["results"]) == wanted()
    down = "descending" in query
    assert told["last_seq"] == told["results"][-1]["seq"]
    assert told["pending"] == (0 if down or "since" in query else COUNT - len(wanted()))
    if "include_docs" in query:
        assert ids([{"id": row["doc"]["_id"]} for row in told["results"]]) == wanted()


@pytest.mark.parametrize(("query", "wanted"), LISTINGS)
def test_listings(http: httpx.Client, filled: str, query: str, wanted: Callable[[], list[str]]) -> None:
    told = http.get(f"{filled}/_all_docs{query}").json()
    assert ids(told["rows"]) == wanted()
    assert told["total_rows"] == COUNT
    assert told["offset"] == (EVERY[::-1] if "descending" in query else EVERY).index(wanted()[0])
    if "include_docs" in query:
        assert [row["doc"]["_id"] for row in told["rows"]] == wanted()


def test_an_area(server: Running, filled: str) -> None:
    del filled
    with server.client("phone") as phone:
        assert ids(phone.get("/area-two/_changes").json()["results"]) == EVEN
        assert ids(phone.get("/area-two/_changes?descending=true").json()["results"]) == EVEN[::-1]
        assert ids(phone.get("/area-two/_all_docs").json()["rows"]) == EVEN


def test_a_filter(http: httpx.Client, filled: str) -> None:
    body = {"selector": {"n": {"$gte": 400}}}
    for query, wanted in (("", EVERY[400:]), ("?limit=600", EVERY[400:1000]), ("?limit=1", EVERY[400:401])):
        told = http.post(f"{filled}/_changes{query}", json=body).json()
        assert ids(told["results"]) == wanted
        assert told["last_seq"] == told["results"][-1]["seq"] or told["pending"] == 0


def test_several_listings(http: httpx.Client, filled: str) -> None:
    asked = {"queries": [{}, {"limit": 0}, {"skip": COUNT - 1}]}
    results = http.post(f"{filled}/_all_docs/queries", json=asked).json()["results"]
    assert [ids(each["rows"]) for each in results] == [EVERY, [], EVERY[-1:]]
    assert http.post(f"{filled}/_all_docs/queries", json={"queries": []}).json() == {"results": []}


def test_a_client_that_has_a_feed_is_told_so(http: httpx.Client, db: str) -> None:
    http.put(db + "/x", json={})
    first = http.get(db + "/_changes")
    match = {"if-none-match": first.headers["etag"]}
    again = http.get(db + "/_changes", headers=match)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert http.head(db + "/_changes", headers=match).status_code == 304
    assert http.post(db + "/_changes", json={}, headers=match).status_code == 200
    assert "etag" not in http.get(db + "/_changes?feed=longpoll").headers
    http.put(db + "/y", json={})
    assert ids(http.get(db + "/_changes", headers=match).json()["results"]) == ["x", "y"]
    http.delete(db)
    http.put(db)
    for id_ in "ab":
        http.put(f"{db}/{id_}", json={})
    assert http.get(db + "/_changes", headers=match).status_code == 200
