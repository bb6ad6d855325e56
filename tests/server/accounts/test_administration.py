import httpx

from tests.server.conftest import PASSWORD, World

NEW = {"name": "zhao-min", "display_name": "赵敏", "password": "summer-lotus-23"}


async def test_an_account_is_added_granted_and_works(district: World, admin: httpx.AsyncClient) -> None:
    made = await admin.post("/api/admin/accounts", json=NEW)
    assert made.status_code == 201
    assert made.json()["created_at"] == "2026-11-22T10:00:00+08:00"
    grant = {"account": "zhao-min", "role": "visitor", "area": "d-0102"}
    assert (await admin.post("/api/admin/grants", json=grant)).status_code == 201
    assert (await admin.post("/api/admin/grants", json=grant)).status_code == 201
    browser = district.client()
    session = await browser.post("/api/session", json={"name": "zhao-min", "password": NEW["password"]})
    assert [each["area"]["id"] for each in session.json()["grants"]] == ["d-0102"]
    assert (await admin.get("/api/admin/grants?account=zhao-min")).json() == {"items": [grant]}


async def test_names_are_unique_and_well_formed(admin: httpx.AsyncClient) -> None:
    assert (await admin.post("/api/admin/accounts", json=NEW | {"name": "visitor"})).status_code == 409
    for bad in ("V", "李", "1abc", "a", "a b", "a" * 33):
        answer = await admin.post("/api/admin/accounts", json=NEW | {"name": bad})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name"), bad


async def test_a_disabled_account_is_out_and_can_come_back(district: World, admin: httpx.AsyncClient) -> None:
    browser = district.client("visitor")
    off = await admin.patch("/api/admin/accounts/visitor", json={"disabled": True})
    assert off.json()["disabled_at"] == "2026-11-22T10:00:00+08:00"
    assert (await browser.get("/api/session")).status_code == 401
    on = await admin.patch("/api/admin/accounts/visitor", json={"disabled": False, "display_name": "李四"})
    assert (on.json()["disabled_at"], on.json()["display_name"]) == (None, "李四")
    assert (await browser.get("/api/session")).status_code == 401
    again = await browser.post("/api/session", json={"name": "visitor", "password": PASSWORD})
    assert again.status_code == 200


async def test_the_last_administrator_stays(admin: httpx.AsyncClient) -> None:
    assert (await admin.patch("/api/admin/accounts/admin", json={"disabled": True})).status_code == 409
    assert (await admin.patch("/api/admin/accounts/admin", json={"admin": False})).status_code == 409
    await admin.patch("/api/admin/accounts/visitor", json={"admin": True})
    assert (await admin.patch("/api/admin/accounts/admin", json={"admin": False})).status_code == 200
    assert (await admin.get("/api/admin/accounts")).status_code == 403


async def test_a_password_set_by_an_administrator_ends_all_sessions(district: World, admin: httpx.AsyncClient) -> None:
    browser = district.client("visitor")
    answer = await admin.post("/api/admin/accounts/visitor/password", json={"password": "summer-lotus-23"})
    assert answer.status_code == 204
    assert (await browser.get("/api/session")).status_code == 401
    missing = await admin.post("/api/admin/accounts/nobody/password", json={"password": "summer-lotus-23"})
    assert missing.status_code == 404


async def test_a_grant_taken_away_is_gone_at_the_next_request(district: World, admin: httpx.AsyncClient) -> None:
    browser = district.client("visitor")
    assert (await admin.delete("/api/admin/grants/visitor/visitor/d-0101")).status_code == 204
    assert (await browser.get("/api/session")).json()["grants"] == []
    assert (await admin.delete("/api/admin/grants/visitor/visitor/d-0101")).status_code == 404


async def test_grants_are_to_accounts_and_areas_that_exist(admin: httpx.AsyncClient) -> None:
    for body, field in (
        ({"account": "nobody", "role": "visitor", "area": "d-0101"}, "account"),
        ({"account": "visitor", "role": "visitor", "area": "nowhere"}, "area"),
        ({"account": "visitor", "role": "king", "area": "d-0101"}, "role"),
    ):
        answer = await admin.post("/api/admin/grants", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_accounts_are_paged(admin: httpx.AsyncClient) -> None:
    first = (await admin.get("/api/admin/accounts?limit=2")).json()
    rest = (await admin.get(f"/api/admin/accounts?limit=4&after={first['next']}")).json()
    names = [each["name"] for each in first["items"] + rest["items"]]
    assert names == ["admin", "other", "other-supervisor", "supervisor", "visitor"]
    assert rest["next"] is None
