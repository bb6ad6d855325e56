"""An area that is not mine: 403 through every door, whether it exists or not, and nothing in any list."""

import json

import httpx
import pytest

from tests.server.authorization.asking import status_of
from tests.server.conftest import World
from tests.server.phones import Phone

NOT_THEIRS = [
    ("visitor", "d-0201"),
    ("visitor", "d-0102"),
    ("visitor", "b1"),
    ("visitor", "hp"),
    ("visitor", "nowhere"),
    ("supervisor", "c2"),
    ("supervisor", "d-0201"),
    ("supervisor", "s1"),
    ("other", "d-0101"),
]
DOCUMENT = "household:d-0201:501"
ROUTES = [
    ("GET", ""),
    ("HEAD", ""),
    ("PUT", ""),
    ("DELETE", ""),
    ("POST", ""),
    ("GET", "/_all_docs"),
    ("POST", "/_all_docs"),
    ("POST", "/_bulk_docs"),
    ("POST", "/_bulk_get"),
    ("GET", "/_changes"),
    ("GET", "/_changes?feed=longpoll"),
    ("GET", "/_changes?feed=continuous"),
    ("GET", "/_changes?feed=eventsource"),
    ("POST", "/_changes"),
    ("POST", "/_revs_diff"),
    ("POST", "/_missing_revs"),
    ("POST", "/_ensure_full_commit"),
    ("GET", "/_digest"),
    ("POST", "/_digest"),
    ("POST", "/_compact"),
    ("GET", "/_security"),
    ("PUT", "/_security"),
    ("GET", "/_revs_limit"),
    ("PUT", "/_revs_limit"),
    ("GET", "/_local_docs"),
    ("POST", "/_local_docs"),
    ("GET", "/_design_docs"),
    ("POST", "/_all_docs/queries"),
    ("POST", "/_purge"),
    ("GET", "/_purged_infos"),
    ("GET", "/_purged_infos_limit"),
    ("PUT", "/_purged_infos_limit"),
    ("GET", "/_local/checkpoint"),
    ("PUT", "/_local/checkpoint"),
    ("DELETE", "/_local/checkpoint"),
    ("POST", "/_find"),
    ("POST", "/_explain"),
    ("GET", "/_index"),
    ("POST", "/_index"),
    ("POST", "/_index/_bulk_delete"),
    ("DELETE", "/_index/_design/x/json/x"),
    ("GET", "/_design/x"),
    ("GET", f"/{DOCUMENT}"),
    ("HEAD", f"/{DOCUMENT}"),
    ("PUT", f"/{DOCUMENT}"),
    ("DELETE", f"/{DOCUMENT}?rev=1-x"),
    ("COPY", f"/{DOCUMENT}"),
    ("GET", f"/{DOCUMENT}?open_revs=all"),
    ("GET", f"/{DOCUMENT}/image.jpg"),
    ("PUT", f"/{DOCUMENT}/image.jpg"),
    ("DELETE", f"/{DOCUMENT}/image.jpg"),
]


@pytest.fixture
def there(district: World) -> dict[str, str]:
    """What 王走访 wrote at d-0201: ids of a household, a visit, a photo and a follow-up."""
    phone = Phone(district, "other", "d-0201")
    visit = phone.visit(note="只给本楼看")
    photo, followup = phone.photo(visit["_id"]), phone.followup(visit=visit["_id"])
    assert phone.push(phone.household(), visit, photo, followup) == {}
    return {"household": DOCUMENT, "visit": visit["_id"], "photo": photo["_id"], "followup": followup["_id"]}


@pytest.mark.parametrize(("role", "area"), NOT_THEIRS)
@pytest.mark.usefixtures("there")
async def test_every_replication_route_is_403(district: World, role: str, area: str) -> None:
    for method, rest in ROUTES:
        path, _, query = f"/sync/area-{area}{rest}".partition("?")
        status = await status_of(district, method, path, role, query=query)
        assert status == 403, f"{role} {method} {path}: {status}"
        assert await status_of(district, method, path, None, query=query) == 401, f"nobody {method} {path}"


@pytest.mark.parametrize("role", ["visitor", "supervisor", "other"])
async def test_the_whole_store_is_for_administrators(district: World, role: str) -> None:
    for method, rest in ROUTES:
        for name in ("areas", "backup"):
            path, _, query = f"/sync/{name}{rest}".partition("?")
            assert await status_of(district, method, path, role, query=query) == 403, f"{method} {path}"


async def test_a_document_of_another_area_is_not_in_mine_by_any_name(
    visitor: httpx.AsyncClient, supervisor: httpx.AsyncClient, there: dict[str, str]
) -> None:
    for browser, area in ((visitor, "d-0101"), (supervisor, "c1")):
        for document in there.values():
            assert (await browser.get(f"/sync/area-{area}/{document}")).status_code == 404
            got = await browser.post(f"/sync/area-{area}/_bulk_get", json={"docs": [{"id": document}]})
            assert not [each for each in got.json()["results"][0]["docs"] if "ok" in each]
            known = await browser.post(f"/sync/area-{area}/_revs_diff", json={document: ["1-abc"]})
            assert "possible_ancestors" not in json.dumps(known.json())
        listed = await browser.get(f"/sync/area-{area}/_all_docs")
        assert listed.json()["rows"] == []
        assert (await browser.get(f"/sync/area-{area}/_changes")).json()["results"] == []


@pytest.mark.parametrize("role", ["visitor", "supervisor", "other-supervisor"])
async def test_rest_gives_nothing_of_another_area(district: World, there: dict[str, str], role: str) -> None:
    mine = role == "other-supervisor"
    browser = district.client(role)
    supervises = role != "visitor"
    seen = {200} if mine else {403, 404}
    for path in ("/api/followups?area=d-0201", "/api/areas?under=d-0201", f"/api/photos/{there['photo']}"):
        assert (await browser.get(path)).status_code in seen, path
    looked = await browser.post(f"/api/households/{there['household']}/looked", json={"field": "phone"})
    assert looked.status_code in ({200, 201, 204} if mine else {403, 404})
    if supervises:
        for path in ("/api/visits?area=d-0201", f"/api/visits/{there['visit']}"):
            assert (await browser.get(path)).status_code in seen, path
    if not mine:
        for action in ("approve", "return"):
            body = {"rev": "1-x", "note": "不行"}
            answer = await browser.post(f"/api/visits/{there['visit']}/{action}", json=body)
            assert answer.status_code in {403, 404, 422}, action
    for path in ("/api/followups", "/api/reminders?state=all", "/api/refusals", "/api/visits"):
        assert (there["household"] in (await browser.get(path)).text) is (
            mine and path in {"/api/followups", "/api/visits"}
        ), path


async def test_bulk_approval_does_not_reach_into_another_area(
    supervisor: httpx.AsyncClient, district: World, there: dict[str, str]
) -> None:
    rev = (await district.client("other-supervisor").get(f"/api/visits/{there['visit']}")).json()["rev"]
    answer = await supervisor.post("/api/visits/approve", json={"items": [{"id": there["visit"], "rev": rev}]})
    assert "只给本楼看" not in answer.text
    state = (await district.client("other-supervisor").get(f"/api/visits/{there['visit']}")).json()["state"]
    assert state == "pending"


async def test_the_store_of_the_application_cannot_be_deleted_by_anybody(
    admin: httpx.AsyncClient, there: dict[str, str]
) -> None:
    assert (await admin.delete("/sync/areas")).status_code == 403
    assert (await admin.delete("/sync/area-d-0201")).status_code == 403
    assert (await admin.get(f"/sync/areas/{there['visit']}")).status_code == 200
    assert (await admin.put("/sync/backup")).status_code == 201
    assert (await admin.delete("/sync/backup")).status_code == 200
