from datetime import timedelta

import httpx
from litestar import Litestar

from server.accounts import repository, service
from server.accounts.passwords import Passwords
from server.accounts.settings import AccountSettings
from server.clock import FixedClock, to_ms
from tests.server.conftest import PASSWORD, World


async def log_in(browser: httpx.AsyncClient, name: str = "visitor", password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/api/session", json={"name": name, "password": password})


async def test_a_visitor_logs_in_and_is_told_what_is_theirs(district: World) -> None:
    browser = district.client()
    answer = await log_in(browser)
    assert answer.status_code == 200
    assert answer.json() == {
        "account": {"name": "visitor", "display_name": "李走访", "admin": False},
        "grants": [
            {
                "role": "visitor",
                "area": {
                    "id": "d-0101",
                    "name": "3号楼1门",
                    "kind": "door",
                    "parent": "b1",
                    "path": ["hp", "s1", "c1", "b1", "d-0101"],
                    "path_names": ["和平区", "劝业场街", "新疆路社区", "3号楼", "3号楼1门"],
                },
            }
        ],
    }
    assert (await browser.get("/api/session")).json() == answer.json()


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(district: World) -> None:
    set_cookie = (await log_in(district.client())).headers["set-cookie"]
    assert set_cookie.startswith("baijiamen_session=")
    assert "HttpOnly" in set_cookie
    assert "SameSite=strict" in set_cookie
    assert "Secure" not in set_cookie


async def test_the_cookie_is_secure_over_https(district: World) -> None:
    browser = district.client()
    browser.base_url = httpx.URL("https://baijiamen.test")
    assert "Secure" in (await log_in(browser)).headers["set-cookie"]


async def test_the_token_itself_is_not_in_the_database(district: World) -> None:
    browser = district.client()
    await log_in(browser)
    token = browser.cookies["baijiamen_session"]
    kept = district.database.read_now(lambda c: repository.session_of(c, token, created_after_ms=0, seen_after_ms=0))
    assert kept is None


async def test_wrong_password_unknown_name_and_disabled_account_read_the_same(district: World) -> None:
    district.database.write_now(lambda c: service.disable(c, "other", 1))
    answers = [
        await log_in(district.client(), "visitor", "not this one"),
        await log_in(district.client(), "nobody-at-all"),
        await log_in(district.client(), "other"),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert "登录名或密码不对" in answers[0].json()["detail"]


async def test_a_body_that_makes_no_sense_is_named_by_its_fields(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.post("/api/session", json={"name": "visitor"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "password", "message": "「密码」必须填写，请检查后再提交。"}]
    assert (await nobody.post("/api/session", content=b"{nonsense")).status_code == 400


async def test_logging_out_ends_this_session_only(district: World) -> None:
    here, there = district.client("visitor"), district.client("visitor")
    assert (await here.delete("/api/session")).status_code == 204
    assert (await here.get("/api/session")).status_code == 401
    assert (await there.get("/api/session")).status_code == 200


async def test_a_stolen_cookie_is_worth_nothing_after_log_out(district: World) -> None:
    here = district.client("visitor")
    stolen = here.cookies["baijiamen_session"]
    await here.delete("/api/session")
    thief = district.client()
    thief.cookies.set("baijiamen_session", stolen)
    assert (await thief.get("/api/session")).status_code == 401


async def test_logging_out_everywhere_ends_all_sessions_of_this_account(district: World) -> None:
    here, there, other = district.client("visitor"), district.client("visitor"), district.client("other")
    assert (await here.delete("/api/session/all")).status_code == 204
    assert (await there.get("/api/session")).status_code == 401
    assert (await other.get("/api/session")).status_code == 200


async def test_a_new_password_ends_the_other_sessions(district: World) -> None:
    here, there = district.client("visitor"), district.client("visitor")
    change = {"old": PASSWORD, "new": "summer-lotus-23"}
    assert (await here.post("/api/account/password", json=change)).status_code == 204
    assert (await here.get("/api/session")).status_code == 200
    assert (await there.get("/api/session")).status_code == 401
    assert (await log_in(district.client())).status_code == 401
    assert (await log_in(district.client(), password="summer-lotus-23")).status_code == 200


async def test_the_old_password_must_be_right_and_the_new_one_good(visitor: httpx.AsyncClient) -> None:
    wrong = await visitor.post("/api/account/password", json={"old": "guess", "new": "summer-lotus-23"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "old")
    for weak in ("short", "aaaaaaaaaa", "visitor123", "12345678", "x" * 300):
        answer = await visitor.post("/api/account/password", json={"old": PASSWORD, "new": weak})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "new"), weak


async def test_a_disabled_account_is_out_at_once(district: World, visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/api/session")).status_code == 200
    district.database.write_now(lambda c: repository.set_columns(c, "visitor", disabled_ms=1))
    assert (await visitor.get("/api/session")).status_code == 401


async def test_a_session_ends_when_idle_and_lives_when_used(district: World, clock: FixedClock) -> None:
    used, idle = district.client("visitor"), district.client("visitor")
    for _ in range(3):
        clock.advance(timedelta(days=20))
        assert (await used.get("/api/session")).status_code == 200
    assert (await idle.get("/api/session")).status_code == 401


async def test_a_session_ends_after_its_longest_life_however_used(district: World, clock: FixedClock) -> None:
    browser = district.client("visitor")
    for _ in range(8):
        clock.advance(timedelta(days=20))
        assert (await browser.get("/api/session")).status_code == 200
    clock.advance(timedelta(days=21))
    assert (await browser.get("/api/session")).status_code == 401


async def test_guessing_one_name_is_stopped_and_allowed_again_later(district: World, clock: FixedClock) -> None:
    for _ in range(10):
        assert (await log_in(district.client(), password="wrong")).status_code == 401
    stopped = await log_in(district.client())
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["retry-after"]) <= 901
    assert (await log_in(district.client(), "other")).status_code == 200
    clock.advance(timedelta(seconds=int(stopped.headers["retry-after"])))
    assert (await log_in(district.client())).status_code == 200


async def test_a_right_password_wipes_the_slate_of_the_name(district: World) -> None:
    for _ in range(4):
        for _ in range(5):
            await log_in(district.client(), password="wrong")
        assert (await log_in(district.client())).status_code == 200


async def test_guessing_many_names_from_one_address_is_stopped(district: World) -> None:
    for n in range(60):
        assert (await log_in(district.client(), f"name-{n}")).status_code == 401
    assert (await log_in(district.client())).status_code == 429


async def test_a_page_of_another_site_cannot_log_anybody_in_or_out(district: World) -> None:
    browser = district.client("visitor")
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        body = {"name": "visitor", "password": PASSWORD}
        assert (await browser.post("/api/session", json=body, headers=headers)).status_code == 403
        assert (await browser.delete("/api/session", headers=headers)).status_code == 403
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": "http://baijiamen.test"}):
        assert (await browser.post("/api/session", json=body, headers=headers)).status_code == 200


async def test_a_hash_of_weaker_parameters_is_renewed_at_log_in(district: World, app: Litestar) -> None:
    older = Passwords(AccountSettings(argon2_time_cost=2, argon2_memory_kib=16, argon2_parallelism=1))
    weak = older.hash_now(PASSWORD)
    older.close()
    district.database.write_now(lambda c: repository.set_columns(c, "visitor", password_hash=weak))
    assert (await log_in(district.client())).status_code == 200
    kept = district.database.read_now(lambda c: repository.secret(c, "visitor"))
    assert kept is not None
    assert kept.password_hash != weak
    assert not app.state.passwords.outdated(kept.password_hash)
    assert (await log_in(district.client())).status_code == 200


async def test_old_sessions_are_swept(district: World, clock: FixedClock, app: Litestar) -> None:
    from server.accounts.sessions import sweep  # noqa: PLC0415

    district.client("visitor")
    clock.advance(timedelta(days=31))
    district.client("other")
    swept = district.database.write_now(lambda c: sweep(c, clock, app.state.settings.accounts))
    assert swept == 1
    assert to_ms(clock.now()) > 0
