"""Lists: filters, words, and pages without gaps or repetitions."""

from typing import Any

import httpx
import pytest

from server.visits import repository
from tests.server.phones import Phone


@pytest.fixture
def phone(district: Any) -> Phone:
    district.grant("visitor", "visitor", "d-0102")
    made = Phone(district)
    made.push(made.household(pinyin="zhoulaobo zlb"), made.household("502", name="吴阿姨"))
    return made


@pytest.fixture(params=["gathered", "walked", "walked in short steps"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ways in which a page is found give the same answers."""
    if request.param != "gathered":
        monkeypatch.setattr(repository, "NARROW", 0)
    if "short" in request.param:
        monkeypatch.setattr(repository, "SPAN", 3)
        monkeypatch.setattr(repository, "READ", 1)
    return str(request.param)


async def _all(client: httpx.AsyncClient, **params: Any) -> list[str]:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await client.get("/api/visits", params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= params.get("limit", 50)
        found += [each["id"] for each in page["items"]]
        cursor = page["next"]
    return found


@pytest.mark.usefixtures("way")
async def test_filters(district: Any, phone: Phone, supervisor: httpx.AsyncClient) -> None:
    next_door = Phone(district, "visitor", "d-0102")
    next_door.made = 1000
    a = phone.visit(outcome="met", note="送米", at="2026-11-01T09:00:00+08:00")
    b = phone.visit(outcome="declined", note="", needs=["装扶手"], at="2026-11-10T23:59:59+08:00")
    c = phone.visit(outcome="met", household="household:d-0101:502", at="2026-11-11T00:00:00+08:00", note="100%")
    d = next_door.visit(outcome="moved", at="2026-07-01T09:00:00+08:00", note="", needs=[])
    for each in (a, b, c, d):
        assert (next_door if each is d else phone).push(each) == {}
    ids = {"a": a["_id"], "b": b["_id"], "c": c["_id"], "d": d["_id"]}
    rev = phone.rev(ids["b"])
    await supervisor.post(f"/api/visits/{ids['b']}/approve", json={"rev": rev})
    for params, expected in (
        ({}, "dcba"),
        ({"area": "d-0101"}, "cba"),
        ({"area": "d-0102"}, "d"),
        ({"area": "b1"}, "dcba"),
        ({"outcome": "met"}, "ca"),
        ({"state": "approved"}, "b"),
        ({"state": "pending"}, "dca"),
        ({"state": "returned"}, ""),
        ({"by": "visitor"}, "dcba"),
        ({"by": "other"}, ""),
        ({"from": "2026-11-10", "to": "2026-11-10"}, "b"),
        ({"from": "2026-11-11"}, "c"),
        ({"to": "2026-11-01"}, "da"),
        ({"from": "2026-01-01", "to": "2026-12-31"}, "dcba"),
        ({"from": "2025-01-01", "to": "2025-01-31"}, ""),
        ({"q": "送米"}, "a"),
        ({"q": "扶手"}, "b"),
        ({"q": "吴阿姨"}, "c"),
        ({"q": "ZLB"}, "ba"),
        ({"q": "501 送"}, "a"),
        ({"q": "100%"}, "c"),
        ({"q": "%"}, "c"),
        ({"area": "d-0101", "outcome": "met", "q": "502", "by": "visitor"}, "c"),
    ):
        found = await _all(supervisor, **params)
        assert found == [ids[letter] for letter in expected], params


@pytest.mark.usefixtures("way")
async def test_pages_have_no_gaps_and_no_repetitions_while_visits_come_in(
    phone: Phone, supervisor: httpx.AsyncClient
) -> None:
    first = [phone.visit() for _ in range(11)]
    phone.push(*first)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await supervisor.get("/api/visits", params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2})
        ).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
        phone.push(phone.visit())
    assert seen == [each["_id"] for each in reversed(first)]


async def test_a_household_that_is_renamed_is_found_by_its_new_name(
    phone: Phone, supervisor: httpx.AsyncClient
) -> None:
    visit = phone.visit()
    phone.push(visit)
    phone.push(phone.household(name="郑奶奶"))
    assert await _all(supervisor, q="郑奶奶") == [visit["_id"]]
    assert await _all(supervisor, q="周老伯") == []


@pytest.mark.parametrize(
    "query", ["cursor=x", "limit=0", "limit=201", "outcome=angry", "state=open", "from=yesterday", f"q={'x' * 65}"]
)
async def test_questions_that_make_no_sense(supervisor: httpx.AsyncClient, query: str) -> None:
    answer = await supervisor.get(f"/api/visits?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
