import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from server import rebuilding
from server.database import migrate
from server.origin import client_address, is_secure, same_origin
from server.scheduling import runs
from sync.store.database import Database
from tests.server.conftest import BASE, World


async def test_the_process_lives(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.get("/healthz")).json() == {"status": "ok"}


async def test_ready_means_migrated_and_writable(nobody: httpx.AsyncClient, database: Database) -> None:
    before = await nobody.get("/readyz")
    assert before.status_code == 503
    assert before.json()["checks"] == {"database": True, "migrations": False, "disk": True}
    await database.write(lambda c: c.execute(text("CREATE TABLE alembic_version (version_num TEXT NOT NULL)")))
    await database.write(lambda c: c.execute(text("INSERT INTO alembic_version VALUES (:v)"), {"v": migrate.head()}))
    assert (await nobody.get("/readyz")).json()["ready"] is True


async def test_ready_tells_of_a_rebuild_that_has_not_ended_and_works_on(
    nobody: httpx.AsyncClient, database: Database
) -> None:
    await database.write(lambda c: runs.begin(c, rebuilding.JOB, 1, holder="x", now_ms=1))
    assert (await nobody.get("/readyz")).json()["rebuilt"] is False
    await database.write(lambda c: runs.end_all(c, rebuilding.JOB, now_ms=2, outcome="ok"))
    assert (await nobody.get("/readyz")).json()["rebuilt"] is True


async def test_metrics_count_by_template_and_are_not_for_everybody(
    district: World, visitor: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    for _ in range(3):
        await visitor.get("/sync/area-d-0101/household:d-0101:501")
    assert (await visitor.get("/metrics")).status_code == 403
    assert (await district.client().get("/metrics")).status_code == 401
    told = (await admin.get("/metrics")).text
    assert 'baijiamen_requests_total{method="GET",route="/sync/{db}/{doc}",status="404"} 3.0' in told
    assert "baijiamen_open_feeds" in told
    assert "d-0101" not in told


async def test_metrics_are_for_this_machine_unless_a_proxy_asks(app: Litestar) -> None:
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as here:
        assert (await here.get("/metrics")).status_code == 200
        assert (await here.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})).status_code == 401


def asked(app: Litestar, headers: dict[str, str], client: str = "10.0.0.1") -> object:
    from litestar.testing import RequestFactory  # noqa: PLC0415

    request = RequestFactory(app).get("/", headers=headers)
    request.scope["client"] = (client, 1)
    return request


@pytest.mark.parametrize(
    ("client", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.9", "1.2.3.4", [], "203.0.113.9"),
        ("203.0.113.9", "1.2.3.4", ["10.0.0.0/8"], "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", ["10.0.0.0/8"], "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.9.9.9", ["10.0.0.0/8"], "203.0.113.9"),
        ("10.0.0.1", "", ["10.0.0.0/8"], "10.0.0.1"),
        ("::1", "2001:db8::7", ["::1"], "2001:db8::7"),
    ],
)
def test_forwarded_addresses_are_believed_from_trusted_proxies_only(
    app: Litestar, client: str, forwarded: str, trusted: list[str], expected: str
) -> None:
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert client_address(asked(app, headers, client), trusted) == expected  # type: ignore[arg-type]


def test_https_is_believed_from_trusted_proxies_only(app: Litestar) -> None:
    request = asked(app, {"x-forwarded-proto": "https"})
    assert is_secure(request, ["10.0.0.0/8"])  # type: ignore[arg-type]
    assert not is_secure(request, [])  # type: ignore[arg-type]


def test_further_origins_may_be_allowed(app: Litestar) -> None:
    request = asked(app, {"origin": "https://m.example.cn", "sec-fetch-site": "cross-site"})
    assert same_origin(request, ["https://m.example.cn"])  # type: ignore[arg-type]
    assert not same_origin(request, [])  # type: ignore[arg-type]


async def test_behind_a_proxy_guesses_are_counted_by_the_clients_address(district: World) -> None:
    district.app.state.settings.trusted_proxies = ["198.51.100.0/24"]
    browser = district.client()

    async def guess(address: str, name: str) -> int:
        headers = {"x-forwarded-for": address}
        body = {"name": name, "password": "wrong"}
        return (await browser.post("/sync/_session", json=body, headers=headers)).status_code

    assert {await guess("203.0.113.9", f"n{n}") for n in range(60)} == {401}
    assert await guess("203.0.113.9", "one-more") == 429
    assert await guess("203.0.113.10", "one-more") == 401
