"""Photos are fetched one by one, by those whose area it is."""

from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.server.phones import JPEG, Phone


@pytest.fixture
def phone(district: Any) -> Phone:
    return Phone(district)


async def test_a_photo_is_seen_by_its_area_and_cached_by_the_browser_only(
    phone: Phone, visitor: httpx.AsyncClient, supervisor: httpx.AsyncClient
) -> None:
    visit = phone.visit()
    photo = phone.photo(visit["_id"])
    assert phone.push(visit, photo) == {}
    for client in (visitor, supervisor):
        answer = await client.get(f"/api/photos/{photo['_id']}")
        assert answer.status_code == 200
        assert answer.content == JPEG
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"].startswith("private")
        again = await client.get(f"/api/photos/{photo['_id']}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        assert again.content == b""


async def test_no_such_photo_and_a_deleted_one(phone: Phone, visitor: httpx.AsyncClient) -> None:
    photo = phone.photo("visit:01JD0000000000000000000000")
    phone.push(photo)
    phone.push(phone.deleted(photo["_id"]))
    for name in (photo["_id"], "photo:01JD0000000000000000000009", "visit:01JD0000000000000000000009"):
        assert (await visitor.get(f"/api/photos/{name}")).status_code == 404


async def test_a_small_picture_of_a_photo(phone: Phone, visitor: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    visit = phone.visit()
    out = BytesIO()
    Image.radial_gradient("L").resize((1600, 1200)).convert("RGB").save(out, "JPEG")
    photo = phone.photo(visit["_id"], out.getvalue())
    assert phone.push(visit, photo) == {}
    answer = await visitor.get(f"/api/photos/{photo['_id']}/thumbnail")
    assert answer.status_code == 200
    assert Image.open(BytesIO(answer.content)).size == (320, 240)
    assert len(answer.content) < 30_000
    tag = {"If-None-Match": answer.headers["etag"]}
    assert (await visitor.get(f"/api/photos/{photo['_id']}/thumbnail", headers=tag)).status_code == 304
    assert (await other.get(f"/api/photos/{photo['_id']}/thumbnail")).status_code == 403


async def test_a_broken_photo_has_no_small_picture(phone: Phone, visitor: httpx.AsyncClient) -> None:
    visit = phone.visit()
    photo = phone.photo(visit["_id"], b"\xff\xd8\xff" + b"not a picture")
    assert phone.push(visit, photo) == {}
    answer = await visitor.get(f"/api/photos/{photo['_id']}/thumbnail")
    assert answer.status_code == 404
    assert "打不开" in answer.json()["detail"]
