"""What another area has cannot be found out by asking: the answers are the same, registered or not."""

from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.server.conftest import World
from tests.server.phones import Phone

REV = "1-" + "a" * 32


async def _answers(visitor: httpx.AsyncClient, door: str) -> AsyncIterator[Any]:
    base, id_ = "/sync/area-d-0101", f"household:d-0201:{door}"
    for area in ("d-0101", "d-0201"):
        body = {"type": "household", "area": area, "by": "visitor", "at": "2026-11-22T09:30:00+08:00", "v": 1}
        body |= {"door": door, "address": "8号楼"}
        yield await visitor.put(f"{base}/{id_}", json=body)
        yield await visitor.put(f"{base}/{id_}", json=body | {"_rev": REV})
        for deleted in (False, True):
            replicated = body | {"_id": id_, "_rev": REV, "_deleted": deleted}
            yield await visitor.post(f"{base}/_bulk_docs", json={"new_edits": False, "docs": [replicated]})
    tombstone = {"_id": id_, "_rev": REV, "_deleted": True}
    yield await visitor.post(f"{base}/_bulk_docs", json={"new_edits": False, "docs": [tombstone]})
    yield await visitor.delete(f"{base}/{id_}", params={"rev": REV})
    yield await visitor.get(f"{base}/{id_}", params={"open_revs": "all"})
    yield await visitor.put(f"{base}/{id_}/x", content=b"x")
    yield await visitor.put(f"{base}/{id_}/x", params={"rev": REV}, content=b"x")
    yield await visitor.get(f"{base}/{id_}/image.jpg")
    yield await visitor.post(f"{base}/_revs_diff", json={id_: [REV]})
    yield await visitor.post(f"{base}/_bulk_get", json={"docs": [{"id": id_}, {"id": id_, "rev": REV}]})
    yield await visitor.post(f"{base}/_all_docs", json={"keys": [id_]})
    yield await visitor.post(f"/api/households/{id_}/looked", json={"field": "phone"})


async def test_a_door_elsewhere_cannot_be_guessed(district: World, visitor: httpx.AsyncClient) -> None:
    there = Phone(district, "other", "d-0201")
    assert there.push(there.household("501")) == {}
    taken = [(each.status_code, each.text.replace("501", "…")) async for each in _answers(visitor, "501")]
    free = [(each.status_code, each.text.replace("502", "…")) async for each in _answers(visitor, "502")]
    assert taken == free
