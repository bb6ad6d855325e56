"""A feed that waits while its grant is taken away tells nothing of what comes then."""

import asyncio
from typing import Any

import pytest

from server.accounts import repository as accounts
from server.accounts import sessions
from server.accounts.models import Grant, Role
from tests.server.conftest import World
from tests.server.phones import Phone


async def _listen(world: World, who: str, path: str, query: str) -> str:
    """Return all that the feed sends until it ends, however it ends."""
    token = world.database.write_now(lambda c: sessions.start(c, who, world.clock))
    told: list[bytes] = []

    async def receive() -> dict[str, Any]:
        if told or asked:
            await asyncio.Event().wait()
        asked.append(True)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        told.append(message.get("body", b""))

    asked: list[bool] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"cookie", f"{sessions.COOKIE}={token}".encode())],
        "client": ("198.51.100.7", 4000),
        "scheme": "http",
        "server": ("baijiamen.test", 80),
    }
    async with asyncio.timeout(10):
        await world.app(scope, receive, send)  # type: ignore[arg-type]
    return b"".join(told).decode()


async def _once_it_waits(world: World) -> None:
    while not world.app.state.store.notifier.waiting:  # noqa: ASYNC110  the notifier tells nobody who waits
        await asyncio.sleep(0)


@pytest.mark.parametrize("feed", ["longpoll", "continuous", "eventsource"])
@pytest.mark.parametrize("gone", ["grant", "account"])
async def test_an_area_that_is_taken_away(district: World, feed: str, gone: str) -> None:
    query = f"feed={feed}&since=now&include_docs=true&heartbeat=1000"
    listening = asyncio.ensure_future(_listen(district, "visitor", "/sync/area-d-0101/_changes", query))
    await _once_it_waits(district)
    if gone == "grant":
        district.database.write_now(lambda c: accounts.remove_grant(c, "visitor", Grant(Role.VISITOR, "d-0101")))
    else:
        district.database.write_now(lambda c: accounts.set_columns(c, "visitor", disabled_ms=1))
    assert Phone(district, "supervisor").push(Phone(district, "supervisor").household(name="Secret")) == {}
    assert "Secret" not in await listening


async def test_an_administrator_no_more(district: World) -> None:
    listening = asyncio.ensure_future(
        _listen(district, "admin", "/sync/areas/_changes", "feed=continuous&since=now&include_docs=true")
    )
    await _once_it_waits(district)
    district.database.write_now(lambda c: accounts.set_columns(c, "admin", admin=False))
    phone = Phone(district)
    assert phone.push(phone.household(name="Secret")) == {}
    assert "Secret" not in await listening
