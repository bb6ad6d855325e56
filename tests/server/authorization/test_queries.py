"""Queries in the application: through an area only its documents, by indexes that administrators define."""

from typing import Any

import httpx

from tests.server.conftest import World
from tests.server.phones import Phone

INDEX = {"index": {"fields": ["type", "at"]}, "ddoc": "by-time", "name": "by-time"}
VISITS: dict[str, Any] = {"selector": {"type": "visit", "at": {"$gt": None}}, "fields": ["_id", "area"]}


async def test_visits_of_an_area_in_the_order_of_time(
    district: World, visitor: httpx.AsyncClient, supervisor: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    for role, area in (("visitor", "d-0101"), ("other", "d-0201")):
        phone = Phone(district, role, area)
        assert phone.push(phone.household(), phone.visit(), phone.visit()) == {}
    assert (await visitor.post("/sync/area-d-0101/_index", json=INDEX)).status_code == 403
    assert (await supervisor.post("/sync/area-c1/_index", json=INDEX)).status_code == 403
    created = await admin.post("/sync/area-d-0101/_index", json=INDEX)
    assert created.json() == {"result": "created", "id": "_design/by-time", "name": "by-time"}
    sorted_ = {**VISITS, "sort": [{"type": "desc"}, {"at": "desc"}]}
    for browser, area, count in ((visitor, "area-d-0101", 2), (supervisor, "area-c1", 2), (admin, "areas", 4)):
        found = (await browser.post(f"/sync/{area}/_find", json=sorted_)).json()
        assert "warning" not in found
        assert len(found["docs"]) == count
        assert area == "areas" or {doc["area"] for doc in found["docs"]} == {"d-0101"}
    feed = await visitor.get("/sync/area-d-0101/_changes")
    assert "_design" not in feed.text
    deleted = await admin.request("DELETE", "/sync/areas/_index/_design/by-time/json/by-time")
    assert deleted.json() == {"ok": True}
