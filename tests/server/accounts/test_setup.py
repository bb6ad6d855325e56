from datetime import timedelta

import httpx
import pytest
from litestar import Litestar

from server.accounts.controllers import invitation
from server.clock import FixedClock
from server.errors import Conflict
from tests.server.conftest import World

BODY = {"name": "chen-zhuren", "display_name": "陈主任", "password": "winter-plum-22"}


@pytest.fixture
def token(world: World, app: Litestar) -> str:
    path = world.database.write_now(lambda c: invitation(c, world.clock, app.state.settings))
    assert path.startswith("/#/setup/")
    return path.removeprefix("/#/setup/")


async def test_the_link_makes_the_first_administrator_and_logs_in(nobody: httpx.AsyncClient, token: str) -> None:
    answer = await nobody.post("/api/setup", json=BODY | {"token": token})
    assert answer.status_code == 201
    assert answer.json()["account"] == {"name": "chen-zhuren", "display_name": "陈主任", "admin": True}
    assert (await nobody.get("/api/admin/accounts")).status_code == 200


async def test_the_link_works_once(nobody: httpx.AsyncClient, token: str) -> None:
    await nobody.post("/api/setup", json=BODY | {"token": token})
    again = await nobody.post("/api/setup", json=BODY | {"token": token, "name": "second"})
    assert again.status_code == 403
    assert "链接已失效" in again.json()["detail"]


async def test_a_mistake_in_the_form_does_not_use_the_link_up(nobody: httpx.AsyncClient, token: str) -> None:
    for wrong in ({"name": "Chen"}, {"password": "123"}, {"display_name": " "}):
        assert (await nobody.post("/api/setup", json=BODY | {"token": token} | wrong)).status_code == 422
    assert (await nobody.post("/api/setup", json=BODY | {"token": token})).status_code == 201


async def test_an_expired_or_invented_link_does_nothing(
    nobody: httpx.AsyncClient, token: str, clock: FixedClock
) -> None:
    assert (await nobody.post("/api/setup", json=BODY | {"token": "invented"})).status_code == 403
    clock.advance(timedelta(hours=25))
    assert (await nobody.post("/api/setup", json=BODY | {"token": token})).status_code == 403


async def test_a_newer_link_voids_the_older(world: World, app: Litestar, nobody: httpx.AsyncClient, token: str) -> None:
    world.database.write_now(lambda c: invitation(c, world.clock, app.state.settings))
    assert (await nobody.post("/api/setup", json=BODY | {"token": token})).status_code == 403


async def test_there_is_no_link_once_there_is_an_administrator(district: World, app: Litestar) -> None:
    with pytest.raises(Conflict):
        district.database.write_now(lambda c: invitation(c, district.clock, app.state.settings))
