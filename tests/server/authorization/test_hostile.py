"""Documents that no phone of ours writes: what they could block, spoil or bring down."""

import json
from typing import Any

import httpx
import pytest

from tests.server.conftest import World
from tests.server.phones import Phone

REPLICATED = {"_rev", "_revisions"}


@pytest.fixture
def phone(district: World) -> Phone:
    return Phone(district)


@pytest.mark.parametrize("fields", [{}, {"area": "d-0101"}, {"area": "d-0201"}])
def test_a_tombstone_does_not_occupy_a_door_of_another_area(
    district: World, phone: Phone, fields: dict[str, str]
) -> None:
    there = "household:d-0201:502"
    assert "「所属网格」(area)不是您的" in phone.push(phone.deleted(there, **fields))[there]
    theirs = Phone(district, "other", "d-0201")
    assert theirs.push(theirs.household("502")) == {}


def test_a_tombstone_of_ones_own_door_that_was_never_seen_is_accepted(phone: Phone) -> None:
    assert phone.push(phone.deleted("household:d-0101:502"), phone.deleted("visit:" + phone.ulid())) == {}


@pytest.mark.parametrize("broken", ["household", "household:", "household:x:y:z", ":", "photo:1"])
def test_a_tombstone_with_a_broken_id_stops_no_others(phone: Phone, broken: str) -> None:
    kept = phone.household()
    assert set(phone.push(phone.deleted(broken), kept)) <= {broken}


@pytest.mark.parametrize("depth", [30, 300, 900])
@pytest.mark.parametrize("kind", ["household", "unknown"])
async def test_deep_nesting_is_refused_by_itself(
    visitor: httpx.AsyncClient, phone: Phone, depth: int, kind: str
) -> None:
    deep = {**phone.saved(phone.household()), "_id": f"{kind}:d-0101:501", "deep": "DEEP"}
    visit = phone.saved(phone.visit())
    for new_edits in ("true", "false"):
        docs = [deep, visit] if new_edits == "false" else [{k: deep[k] for k in deep if k not in REPLICATED}]
        text = json.dumps(docs).replace('"DEEP"', "[" * depth + "]" * depth)
        answer = await visitor.post(
            "/sync/area-d-0101/_bulk_docs",
            content=f'{{"new_edits":{new_edits},"docs":{text}}}',
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 201
        assert [(each["id"], each["error"]) for each in answer.json()] == [(f"{kind}:d-0101:501", "forbidden")]
    assert (await visitor.get("/api/refusals")).status_code == 200


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1899-12-31T00:00:00Z"])
def test_a_time_that_cannot_be_shown_everywhere_is_refused(phone: Phone, at: str) -> None:
    followup = phone.followup(state="done", done_at=at)
    assert "(done_at)" in phone.push(followup)[followup["_id"]]
    household = phone.household(consent_at=at)
    assert "(consent_at)" in phone.push(household)[household["_id"]]


@pytest.mark.parametrize(("start", "digest"), [(1, "zz"), (1, "A" * 32), (1_000_000_000, "a" * 32), (1, "a" * 65)])
def test_a_revision_that_no_review_could_name_is_refused(phone: Phone, start: int, digest: str) -> None:
    visit: dict[str, Any] = phone.visit()
    made = {**visit, "_rev": f"{start}-{digest}", "_revisions": {"start": start, "ids": [digest]}}
    assert "「版本」(_rev)" in phone.send(made)[visit["_id"]]


def test_a_household_is_not_put_down_to_somebody_who_does_not_work_there(phone: Phone) -> None:
    phone.push(phone.household())
    assert "「记录人」(by)" in phone.push({**phone.household(), "by": "other"})["household:d-0101:501"]
    assert phone.push({**phone.household(), "by": "supervisor"}) == {}
