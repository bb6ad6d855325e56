import base64
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import RequestFactory

from server.accounts import service
from server.clock import FixedClock
from server.gate import Gate
from sync.access import Principal, View
from sync.errors import DatabaseMissing, Forbidden, TooManyRequests, Unauthorized
from tests.server.conftest import PASSWORD, World


@pytest.fixture
def gate(district: World) -> Gate:
    return Gate(district.app.state.login, district.app.state.settings)


def asking(app: Litestar, credentials: str | None = None) -> object:
    headers = {"authorization": "Basic " + base64.b64encode(credentials.encode()).decode()} if credentials else {}
    return RequestFactory(app).get("/sync/area-d-0101", headers=headers)


@pytest.mark.parametrize("name", ["visitor", "supervisor"])
async def test_what_was_granted_opens(gate: Gate, name: str) -> None:
    assert await gate.open(Principal(name), "area-d-0101") == View("area-d-0101", "areas", "d-0101")


async def test_a_supervisor_opens_what_is_below(gate: Gate) -> None:
    assert (await gate.open(Principal("supervisor"), "area-c1")).scope == "c1"
    assert (await gate.open(Principal("supervisor"), "area-b1")).scope == "b1"


@pytest.mark.parametrize(
    "name", ["area-d-0201", "area-b1", "area-hp", "area-nowhere", "area-", "areas", "other", "_users"]
)
async def test_all_else_is_forbidden_whether_it_exists_or_not(gate: Gate, name: str) -> None:
    with pytest.raises(Forbidden):
        await gate.open(Principal("visitor"), name)


async def test_nobody_must_log_in(gate: Gate) -> None:
    for name in ("area-d-0101", "areas", "nowhere"):
        with pytest.raises(Unauthorized):
            await gate.open(None, name)


async def test_an_administrator_opens_areas_and_plain_databases(gate: Gate) -> None:
    admin = Principal("admin", admin=True)
    assert await gate.open(admin, "area-c1") == View("area-c1", "areas", "c1")
    assert await gate.open(admin, "backup") == View("backup", "backup")
    with pytest.raises(DatabaseMissing):
        await gate.open(admin, "area-nowhere")


async def test_a_grant_that_was_taken_away_closes_at_once(gate: Gate, district: World) -> None:
    await gate.open(Principal("visitor"), "area-d-0101")
    grant = district.find("visitor").grants[0]
    district.database.write_now(lambda c: service.take(c, "visitor", grant))
    with pytest.raises(Forbidden):
        await gate.open(Principal("visitor"), "area-d-0101")


async def test_a_disabled_account_opens_nothing(gate: Gate, district: World) -> None:
    district.database.write_now(lambda c: service.disable(c, "visitor", 1))
    with pytest.raises(Forbidden):
        await gate.open(Principal("visitor"), "area-d-0101")


async def test_basic_authentication_hashes_once_and_then_remembers(gate: Gate, app: Litestar) -> None:
    hashed = _count_checks(app)
    for _ in range(5):
        assert await gate.identify(asking(app, f"visitor:{PASSWORD}")) == Principal("visitor", roles=("visitor",))  # type: ignore[arg-type]
    assert hashed == ["visitor"]


async def test_what_is_remembered_ends_with_time(gate: Gate, app: Litestar, clock: FixedClock) -> None:
    hashed = _count_checks(app)
    await gate.identify(asking(app, f"admin:{PASSWORD}"))  # type: ignore[arg-type]
    clock.advance(timedelta(seconds=301))
    found = await gate.identify(asking(app, f"admin:{PASSWORD}"))  # type: ignore[arg-type]
    assert found == Principal("admin", admin=True, roles=("_admin",))
    assert len(hashed) == 2


async def test_what_is_remembered_ends_with_the_password_and_the_account(
    gate: Gate, app: Litestar, district: World
) -> None:
    for name in ("visitor", "other"):
        await gate.identify(asking(app, f"{name}:{PASSWORD}"))  # type: ignore[arg-type]
    new = app.state.passwords.hash_now("summer-lotus-23")
    district.database.write_now(lambda c: service.set_password(c, "visitor", new))
    district.database.write_now(lambda c: service.disable(c, "other", 1))
    for name in ("visitor", "other"):
        with pytest.raises(Unauthorized):
            await gate.identify(asking(app, f"{name}:{PASSWORD}"))  # type: ignore[arg-type]


@pytest.mark.parametrize("credentials", ["visitor:wrong", "nobody:wrong", "visitor", ":"])
async def test_wrong_credentials_are_refused(gate: Gate, app: Litestar, credentials: str) -> None:
    with pytest.raises(Unauthorized):
        await gate.identify(asking(app, credentials))  # type: ignore[arg-type]


async def test_guessing_by_basic_authentication_is_slowed(gate: Gate, app: Litestar) -> None:
    for n in range(10):
        with pytest.raises(Unauthorized):
            await gate.identify(asking(app, f"visitor:guess-{n}"))  # type: ignore[arg-type]
    with pytest.raises(TooManyRequests) as stopped:
        await gate.identify(asking(app, "visitor:guess"))  # type: ignore[arg-type]
    assert stopped.value.retry_after > 0


async def test_without_credentials_nobody_asks(gate: Gate, app: Litestar) -> None:
    assert await gate.identify(asking(app)) is None  # type: ignore[arg-type]


def _count_checks(app: Litestar) -> list[str]:
    """Return a list that grows by the name of each account whose password is hashed from now on."""
    names: list[str] = []
    attempts, begin = app.state.login.attempts, app.state.login.attempts.begin
    attempts.begin = lambda name, client: (names.append(name), begin(name, client))[1]
    return names


@pytest.mark.parametrize("told", ["", "!!!!", "/w==", "A", "bm9ib2R5", "\u00e8\u00b5\u00b0"])
async def test_what_is_no_basic_authorization_is_a_wrong_password(gate: Gate, district: World, told: str) -> None:
    request = RequestFactory(district.app).get("/sync/area-d-0101")
    request.scope["headers"].append((b"authorization", b"Basic " + told.encode("latin-1")))
    with pytest.raises(Unauthorized):
        await gate.identify(request)
