import json

import httpx
import pytest
from litestar import get, post
from litestar.params import JSONBody

from server.accounts.policy import Who
from server.app import create_app
from server.clock import FixedClock
from server.settings import Settings
from tests.server.conftest import PASSWORD, World


async def test_problems_are_told_as_problem_details(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get("/api/areas")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "需要登录",
        "status": 401,
        "detail": "请先登录。没有上传的记录仍在本机，登录后会继续上传。",
    }


async def test_a_body_over_the_limit_is_413(nobody: httpx.AsyncClient) -> None:
    huge = {"name": "visitor", "password": "x" * 1_100_000}
    answer = await nobody.post("/api/session", json=huge)
    assert (answer.status_code, answer.json()["title"]) == (413, "内容太大")


async def test_a_body_over_the_limit_is_413_when_its_length_is_not_told(nobody: httpx.AsyncClient) -> None:
    async def chunks() -> object:
        yield b'{"name": "visitor", "password": "'
        for _ in range(20):
            yield b"x" * 100_000

    answer = await nobody.post("/api/session", content=chunks(), headers={"content-type": "application/json"})  # type: ignore[arg-type]
    assert answer.status_code == 413


async def test_a_method_that_is_not_there_is_405_and_says_which_are(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.put("/api/session", json={})
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


async def test_bad_json_is_400_and_bad_fields_422_by_name(admin: httpx.AsyncClient) -> None:
    assert (
        await admin.post("/api/admin/areas", content=b"{", headers={"content-type": "application/json"})
    ).status_code == 400
    answer = await admin.post("/api/admin/areas", json={"id": 5, "kind": "door", "name": "x", "colour": "red"})
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["errors"]} == {"id", "colour"}
    assert (await admin.get("/api/admin/areas?limit=many")).status_code == 422


@pytest.mark.parametrize("body", [b'{"name":"\xff","password":"x"}', b"[" * 100_000, b'{"name":' + b"[" * 5000])
async def test_a_body_that_cannot_be_read_is_400(nobody: httpx.AsyncClient, body: bytes) -> None:
    answer = await nobody.post("/api/session", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/visits?from=0001-01-01&to=9999-12-31", 200),
        ("POST", "/api/refusals/99999999999999999999/discard", 404),
        ("GET", f"/{'a' * 300}.js", 404),
        ("DELETE", f"/sync/area-c1/_local/x?rev=0-{'9' * 5000}", 404),
    ],
)
async def test_values_beyond_what_is_stored_are_no_fault_of_the_server(
    supervisor: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    assert (await supervisor.request(method, path)).status_code == status


async def test_a_checkpoint_with_an_endless_revision_is_400(supervisor: httpx.AsyncClient) -> None:
    answer = await supervisor.put("/sync/area-c1/_local/x", json={"_rev": f"0-{'9' * 5000}"})
    assert answer.status_code == 400


async def test_what_nobody_foresaw_is_500_without_a_word_of_the_cause(
    settings: Settings, clock: FixedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    @get("/api/broken", opt={"who": Who.ANYONE})
    async def broken() -> None:
        raise ValueError("张三 13800138000")

    made = create_app(settings, clock, extra=[broken])
    transport = httpx.ASGITransport(made, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.get("/api/broken")
    made.state.database.close()
    made.state.passwords.close()
    assert answer.status_code == 500
    assert "没有丢" in answer.json()["detail"]
    told = answer.text + "".join(capsys.readouterr())
    assert "13800138000" not in told
    assert "ValueError" in told


async def test_a_route_without_a_rule_stops_the_application(settings: Settings) -> None:
    @post("/api/forgotten")
    async def forgotten(data: JSONBody[dict[str, str]]) -> None:
        del data

    with pytest.raises(RuntimeError, match="POST /api/forgotten"):
        create_app(settings, extra=[forgotten])


async def test_the_log_has_neither_names_nor_addresses_nor_queries(
    district: World, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = district.client()
    await browser.post("/api/session", json={"name": "visitor", "password": PASSWORD})
    await browser.get("/api/areas?under=d-0101")
    await browser.get("/sync/area-d-0101/household:d-0101:501")
    await browser.get("/sync/area-d-0101/_changes?since=0")
    told = "".join(capsys.readouterr())
    assert "/api/areas" in told
    assert "/sync/{db}/{doc}" in told
    assert "/sync/{db}/_changes" in told
    for private in ("visitor", "d-0101", "since", PASSWORD, "198.51.100.7", browser.cookies["baijiamen_session"]):
        assert private not in told, private


async def test_answers_carry_the_headers_of_safety(nobody: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/api/areas", "/sync/", "/nothing.js"):
        headers = (await nobody.get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"], path
        assert "'unsafe-eval'" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert len(headers["x-request-id"]) == 16
    assert (await nobody.get("/api/areas")).headers["cache-control"] == "no-store"


async def test_the_api_is_described_without_any_address_outside(nobody: httpx.AsyncClient) -> None:
    page = await nobody.get("/api/schema")
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/session" in page.text
    assert "登录" in page.text
    assert "http://" not in page.text.replace("http://baijiamen.test", "")
    assert "https://" not in page.text
    assert "<script" not in page.text
    described = json.loads((await nobody.get("/api/schema/openapi.json")).text)
    assert described["paths"]["/api/session"]["post"]["summary"] == "登录"


@pytest.mark.parametrize("path", ["/sync/area-d-0101/_bulk_docs", "/sync/_session"])
async def test_what_is_refused_before_replication_is_told_as_couchdb_tells_it(
    nobody: httpx.AsyncClient, path: str
) -> None:
    answer = await nobody.post(path, json={}, headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert set(answer.json()) == {"error", "reason"}
    assert answer.json()["error"] == "forbidden"
