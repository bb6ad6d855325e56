"""A supervisor reads visits, approves and returns them; the visitor's phone gets the word by replication."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from server.households.tables import audit
from server.reminders.tables import reminder
from sync.access import View
from tests.server.phones import Phone


@pytest.fixture
def phone(district: Any) -> Phone:
    made = Phone(district)
    made.push(made.household(phone="13800000000"))
    return made


def _visit(phone: Phone, **fields: Any) -> tuple[str, str]:
    document = phone.visit(**fields)
    assert phone.push(document) == {}
    return document["_id"], phone.rev(document["_id"])


async def test_the_list_shows_what_was_recorded(phone: Phone, supervisor: httpx.AsyncClient) -> None:
    visit, rev = _visit(phone)
    answer = (await supervisor.get("/api/visits")).json()
    assert answer == {
        "items": [
            {
                "id": visit,
                "rev": rev,
                "area": {"id": "d-0101", "name": "3号楼1门"},
                "household": {"id": "household:d-0101:501", "address": "3号楼1门501", "name": "周老伯"},
                "by": {"name": "visitor", "display_name": "李走访"},
                "at": "2026-11-22T09:30:00+08:00",
                "received_at": "2026-11-22T10:00:00+08:00",
                "outcome": "met",
                "needs": ["修灯"],
                "note": "楼道灯坏了",
                "card_left": False,
                "photos": [],
                "followup": None,
                "state": "pending",
                "review": None,
            }
        ],
        "next": None,
        "counts": {"pending": 1, "approved": 0, "returned": 0},
    }


async def test_one_visit_with_its_household_history_and_promise(phone: Phone, supervisor: httpx.AsyncClient) -> None:
    followup = phone.followup()
    earlier, _ = _visit(phone, at="2026-11-01T09:30:00+08:00")
    visit, rev = _visit(phone, followup=followup["_id"])
    phone.push(followup)
    answer = (await supervisor.get(f"/api/visits/{visit}")).json()
    assert [each["id"] for each in answer["history"]] == [visit, earlier]
    assert answer["household"]["phone"] == "13800000000"
    assert answer["household"]["address"] == "3号楼1门501"
    assert answer["followup"] == {"id": followup["_id"], "due": "2026-11-30", "state": "open"}
    assert answer["revisions"] == [{"rev": rev, "at": "2026-11-22T09:30:00+08:00", "by": "visitor", "losing": False}]


async def test_an_approval_reaches_the_phone_and_freezes(
    district: Any, phone: Phone, supervisor: httpx.AsyncClient
) -> None:
    visit, rev = _visit(phone)
    answer = await supervisor.post(f"/api/visits/{visit}/approve", json={"rev": rev})
    assert answer.status_code == 200
    assert answer.json()["state"] == "approved"
    assert answer.json()["review"]["by"] == "张书记"
    review = phone.pulled("review:" + visit.partition(":")[2])
    assert (review["state"], review["visit_rev"], review["by"]) == ("approved", rev, "supervisor")
    shown = district.database.read_now(lambda c: phone.store.info_now(c, View("area-d-0101", "areas", "d-0101")))
    assert shown.live == 3, "household, visit and review are in the visitor's feed"
    assert "已审阅通过" in phone.push(phone.visit() | {"_id": visit, "note": "改"})[visit]


async def test_returned_mended_approved(phone: Phone, supervisor: httpx.AsyncClient) -> None:
    visit, rev = _visit(phone)
    answer = await supervisor.post(f"/api/visits/{visit}/return", json={"rev": rev, "note": "哪一层？"})
    assert answer.json()["state"] == "returned"
    assert answer.json()["review"]["note"] == "哪一层？"
    assert phone.push(phone.visit() | {"_id": visit, "note": "五层"}) == {}
    [row] = (await supervisor.get("/api/visits", params={"state": "pending"})).json()["items"]
    assert (row["state"], row["review"]["state"]) == ("pending", "returned")
    stale = await supervisor.post(f"/api/visits/{visit}/approve", json={"rev": rev})
    assert stale.status_code == 409
    assert "不是最新" in stale.json()["detail"]
    assert (await supervisor.post(f"/api/visits/{visit}/approve", json={"rev": row["rev"]})).status_code == 200
    counts = (await supervisor.get("/api/visits")).json()["counts"]
    assert counts == {"pending": 0, "approved": 1, "returned": 0}


async def test_a_word_may_be_changed_and_saying_it_twice_is_once(phone: Phone, supervisor: httpx.AsyncClient) -> None:
    visit, rev = _visit(phone)
    for _ in range(2):
        assert (await supervisor.post(f"/api/visits/{visit}/approve", json={"rev": rev})).status_code == 200
    assert phone.pulled("review:" + visit.partition(":")[2])["state"] == "approved"
    answer = await supervisor.post(f"/api/visits/{visit}/return", json={"rev": rev, "note": "再看看"})
    assert answer.json()["state"] == "returned"
    assert phone.push(phone.visit() | {"_id": visit, "note": "看了"}) == {}, "a visit that was returned thaws"


async def test_the_author_is_reminded_until_it_is_mended(
    district: Any, phone: Phone, supervisor: httpx.AsyncClient
) -> None:
    def current() -> list[tuple[str, str]]:
        query = select(reminder.c.account, reminder.c.visit).where(reminder.c.settled.is_(False))
        return [tuple(row) for row in district.database.read_now(lambda c: c.execute(query).all())]

    visit, rev = _visit(phone)
    await supervisor.post(f"/api/visits/{visit}/return", json={"rev": rev, "note": "哪一层？"})
    assert current() == [("visitor", visit)]
    phone.push(phone.visit() | {"_id": visit, "note": "五层"})
    assert current() == []


@pytest.mark.parametrize("note", ["", "   "])
async def test_returning_needs_a_word(phone: Phone, supervisor: httpx.AsyncClient, note: str) -> None:
    visit, rev = _visit(phone)
    answer = await supervisor.post(f"/api/visits/{visit}/return", json={"rev": rev, "note": note})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "note"


async def test_many_at_once(phone: Phone, supervisor: httpx.AsyncClient) -> None:
    good, gone, changed = _visit(phone), _visit(phone), _visit(phone)
    phone.push(phone.deleted(gone[0]))
    phone.push(phone.visit() | {"_id": changed[0], "note": "改过"})
    items = [{"id": visit, "rev": rev} for visit, rev in (good, gone, changed)]
    items.append({"id": "visit:01JD0000000000000000000000", "rev": "1-a"})
    answer = (await supervisor.post("/api/visits/approve", json={"items": items})).json()["items"]
    assert [each["ok"] for each in answer] == [True, False, False, False]
    assert "删除" in answer[1]["detail"]
    assert "不是最新" in answer[2]["detail"]


async def test_a_deleted_visit_leaves_the_list(phone: Phone, supervisor: httpx.AsyncClient) -> None:
    visit, _ = _visit(phone)
    phone.push(phone.deleted(visit))
    answer = (await supervisor.get("/api/visits")).json()
    assert answer["items"] == []
    assert answer["counts"]["pending"] == 0
    assert (await supervisor.get(f"/api/visits/{visit}")).status_code == 404


async def test_who_looked_is_written_down(district: Any, phone: Phone, supervisor: httpx.AsyncClient) -> None:
    visit, _ = _visit(phone)
    await supervisor.get(f"/api/visits/{visit}")
    answer = await supervisor.post("/api/households/household:d-0101:501/looked", json={"field": "phone"})
    assert answer.status_code == 204
    assert _trace(district) == [
        ("supervisor", "visit", visit, "household:d-0101:501"),
        ("supervisor", "phone", "household:d-0101:501", "household:d-0101:501"),
    ]


def _trace(district: Any) -> list[tuple[str, ...]]:
    query = select(audit.c.account, audit.c.action, audit.c.subject, audit.c.household).order_by(audit.c.id)
    return [tuple(row) for row in district.database.read_now(lambda c: c.execute(query).all())]


WALLED = (
    ("GET", "/api/visits?area=c1", None),
    ("GET", "/api/visits?area=hp", None),
    ("GET", "/api/visits?area=nowhere", None),
    ("GET", "/api/visits/{visit}", None),
    ("POST", "/api/visits/{visit}/approve", {"rev": "1-a"}),
    ("POST", "/api/visits/{visit}/return", {"rev": "1-a", "note": "x"}),
    ("POST", "/api/households/household:d-0101:501/looked", {"field": "phone"}),
    ("GET", "/api/photos/{photo}", None),
)


@pytest.mark.parametrize(("method", "path", "body"), WALLED)
@pytest.mark.parametrize("who", ["nobody", "other", "other-supervisor"])
async def test_another_areas_visits_are_behind_a_wall(
    district: Any, phone: Phone, method: str, path: str, body: Any, who: str
) -> None:
    visit, _ = _visit(phone)
    photo = phone.photo(visit)
    phone.push(photo)
    client = district.client(None if who == "nobody" else who)
    answer = await client.request(method, path.format(visit=visit, photo=photo["_id"]), json=body)
    assert answer.status_code == (401 if who == "nobody" else 403)
    assert "周老伯" not in answer.text


@pytest.mark.parametrize("who", ["visitor", "admin"])
@pytest.mark.parametrize(("method", "path", "body"), WALLED[:6])
async def test_supervisors_pages_are_for_supervisors(
    district: Any, phone: Phone, who: str, method: str, path: str, body: Any
) -> None:
    visit, _ = _visit(phone)
    answer = await district.client(who).request(method, path.format(visit=visit), json=body)
    assert answer.status_code == 403


async def test_bulk_approval_does_not_cross_areas(district: Any, phone: Phone) -> None:
    visit, rev = _visit(phone)
    client = district.client("other-supervisor")
    answer = await client.post("/api/visits/approve", json={"items": [{"id": visit, "rev": rev}]})
    assert [each["ok"] for each in answer.json()["items"]] == [False]


async def test_a_list_has_only_my_areas(district: Any, phone: Phone, supervisor: httpx.AsyncClient) -> None:
    _visit(phone)
    Phone(district, "other", "d-0201").push(Phone(district, "other", "d-0201").visit())
    mine = (await supervisor.get("/api/visits")).json()["items"]
    theirs = (await district.client("other-supervisor").get("/api/visits")).json()["items"]
    assert [each["area"]["id"] for each in mine] == ["d-0101"]
    assert [each["area"]["id"] for each in theirs] == ["d-0201"]
