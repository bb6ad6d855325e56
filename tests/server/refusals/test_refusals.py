"""What was refused is kept until it is mended or given up."""

from typing import Any

import httpx
import pytest

from server.refusals import repository
from tests.server.phones import Phone


@pytest.fixture
def phone(district: Any) -> Phone:
    return Phone(district)


async def _mine(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await client.get("/api/refusals")
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_refused_document_is_kept_whole(phone: Phone, visitor: httpx.AsyncClient) -> None:
    bad = phone.visit(outcome="angry", weather="snow")
    phone.push(bad)
    [item] = await _mine(visitor)
    assert item["doc_id"] == bad["_id"]
    assert item["type"] == "visit"
    assert item["state"] == "waiting"
    assert item["at"] == "2026-11-22T10:00:00+08:00"
    assert item["body"]["weather"] == "snow"
    assert "「结果」(outcome)" in item["reason"]


async def test_pushing_the_same_again_keeps_one(phone: Phone, visitor: httpx.AsyncClient) -> None:
    bad = phone.saved(phone.visit(outcome="angry"))
    phone.send(bad)
    phone.send(bad)
    assert len(await _mine(visitor)) == 1


async def test_an_accepted_revision_mends_it(phone: Phone, visitor: httpx.AsyncClient) -> None:
    bad = phone.visit(outcome="angry")
    phone.push(bad)
    assert phone.push({**bad, "outcome": "met"}) == {}
    assert [item["state"] for item in await _mine(visitor)] == ["mended"]


async def test_giving_one_up(phone: Phone, visitor: httpx.AsyncClient) -> None:
    phone.push(phone.visit(outcome="angry"))
    [item] = await _mine(visitor)
    for _ in range(2):
        assert (await visitor.post(f"/api/refusals/{item['id']}/discard")).status_code == 204
    assert [each["state"] for each in await _mine(visitor)] == ["discarded"]


async def test_nobody_sees_or_discards_those_of_others(
    phone: Phone, visitor: httpx.AsyncClient, other: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    phone.push(phone.visit(outcome="angry"))
    [item] = await _mine(visitor)
    for client in (other, admin):
        assert await _mine(client) == []
        assert (await client.post(f"/api/refusals/{item['id']}/discard")).status_code == 404


def test_one_account_cannot_fill_the_quarantine(phone: Phone, district: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "MOST", 5)
    phone.push(*(phone.visit(outcome="angry") for _ in range(9)))
    last = phone.visit(outcome="angry")
    phone.push(last)
    kept = district.database.read_now(lambda c: repository.listing(c, "visitor"))
    assert len(kept) == 5
    assert kept[0].doc_id == last["_id"]
