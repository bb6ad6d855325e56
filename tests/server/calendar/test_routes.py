"""The calendar over HTTP."""

import httpx


async def test_a_year_is_shown_with_its_special_days(visitor: httpx.AsyncClient) -> None:
    answer = (await visitor.get("/api/calendar", params={"year": 2026})).json()
    assert (answer["year"], answer["published"], answer["note"]) == (2026, True, "")
    days = {each["day"]: each for each in answer["days"]}
    assert days["2026-10-01"] == {"day": "2026-10-01", "working": False, "name": "国庆节", "source": "published"}


async def test_an_unpublished_year_says_so(visitor: httpx.AsyncClient) -> None:
    answer = (await visitor.get("/api/calendar", params={"year": 2099})).json()
    assert (answer["published"], answer["days"]) == (False, [])
    assert "还没有收录" in answer["note"]


async def test_an_administrator_corrects_a_day_and_takes_it_back(
    admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    said = {"working": False, "name": "社区运动会"}
    assert (await visitor.put("/api/calendar/2099-03-02", json=said)).status_code == 403
    assert (await admin.put("/api/calendar/2099-03-02", json=said)).status_code == 200
    answer = (await visitor.get("/api/calendar", params={"year": 2099})).json()
    assert answer["days"] == [{"day": "2099-03-02", **said, "source": "override"}]
    assert (await visitor.delete("/api/calendar/2099-03-02")).status_code == 403
    assert (await admin.delete("/api/calendar/2099-03-02")).status_code == 204
    assert (await admin.delete("/api/calendar/2099-03-02")).status_code == 404
