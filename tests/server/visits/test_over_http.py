"""The same rules, as a phone meets them over HTTP."""

from typing import Any

import httpx

from tests.server.phones import Phone


async def _push(client: httpx.AsyncClient, area: str, *documents: Any) -> list[dict[str, Any]]:
    body = {"docs": documents, "new_edits": False}
    answer = await client.post(f"/sync/area-{area}/_bulk_docs", json=body)
    assert answer.status_code == 201, answer.text
    told: list[dict[str, Any]] = answer.json()
    return told


async def test_forbidden_with_the_fields_name(district: Any, visitor: httpx.AsyncClient) -> None:
    phone = Phone(district)
    good, bad = phone.saved(phone.visit()), phone.saved(phone.visit(outcome="angry"))
    [told] = await _push(visitor, "d-0101", good, bad)
    assert (told["id"], told["error"]) == (bad["_id"], "forbidden")
    assert "「结果」(outcome)" in told["reason"]
    items = (await visitor.get("/api/refusals")).json()["items"]
    assert [each["doc_id"] for each in items] == [bad["_id"]]


async def test_the_word_on_a_visit_comes_down_the_authors_feed(
    district: Any, visitor: httpx.AsyncClient, supervisor: httpx.AsyncClient
) -> None:
    phone = Phone(district)
    visit = phone.saved(phone.visit())
    photo = phone.saved(phone.photo(visit["_id"]))
    assert await _push(visitor, "d-0101", visit, photo) == []
    word = {"rev": visit["_rev"], "note": "哪一层？"}
    assert (await supervisor.post(f"/api/visits/{visit['_id']}/return", json=word)).status_code == 200
    answer = await visitor.get("/sync/area-d-0101/_changes", params={"include_docs": "true"})
    changes = {each["id"]: each.get("doc") for each in answer.json()["results"]}
    review = "review:" + visit["_id"].partition(":")[2]
    assert set(changes) == {visit["_id"], review}, "photos travel up only"
    assert (await visitor.get(f"/sync/area-d-0101/{review}")).json()["note"] == "哪一层？"


async def test_another_area_is_forbidden_as_a_whole(district: Any, visitor: httpx.AsyncClient) -> None:
    phone = Phone(district)
    body = {"docs": [phone.saved(phone.visit())], "new_edits": False}
    assert (await visitor.post("/sync/area-d-0201/_bulk_docs", json=body)).status_code == 403
