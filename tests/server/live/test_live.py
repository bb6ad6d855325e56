"""The supervisor's open page hears of visits without asking again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from server.accounts import repository as accounts
from server.accounts import sessions
from server.accounts.models import Grant, Role
from server.live import controllers
from tests.server.phones import Phone

PATIENCE = 10


class Page:
    """An EventSource, reduced to what matters: events as they come, and the id it would send when it reconnects."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.text = ""
        self.last = ""
        self.ended = False
        self.news = asyncio.Condition()

    async def send(self, message: Any) -> None:
        async with self.news:
            if message["type"] == "http.response.start":
                self.status, self.headers = message["status"], dict(message["headers"])
            else:
                self.text += message.get("body", b"").decode()
                self.ended = not message.get("more_body", False)
            self.news.notify_all()

    async def event(self) -> dict[str, Any]:
        """Return the next event's data."""
        while True:
            block = await self._block()
            fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
            self.last = fields.get("id", self.last)
            if "data" in fields:
                assert fields["event"] == "visit"
                data: dict[str, Any] = json.loads(fields["data"])
                assert str(data["seq"]) == self.last
                return data

    async def comment(self) -> str:
        while not (block := await self._block()).startswith(":"):
            pass
        return block

    async def end(self) -> None:
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: self.ended)

    async def _block(self) -> str:
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: "\n\n" in self.text)
        block, self.text = self.text.split("\n\n", 1)
        return block


@asynccontextmanager
async def _open(district: Any, who: str, last: str = "") -> AsyncIterator[Page]:
    token = district.database.write_now(lambda c: sessions.start(c, who, district.clock))
    headers = [(b"cookie", f"{sessions.COOKIE}={token}".encode()), (b"accept-encoding", b"gzip, br")]
    if last:
        headers.append((b"last-event-id", last.encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/api/visits/events",
        "raw_path": b"/api/visits/events",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("198.51.100.7", 4000),
        "server": ("baijiamen.test", 80),
    }
    page, gone, asked = Page(), asyncio.Event(), False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    served = asyncio.create_task(district.app(scope, receive, page.send))
    try:
        async with asyncio.timeout(PATIENCE), page.news:
            await page.news.wait_for(lambda: page.status != 0 and (page.ended or "\n\n" in page.text))
        yield page
    finally:
        gone.set()
        async with asyncio.timeout(PATIENCE):
            await served


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controllers, "PAUSE", 0.0)


@pytest.fixture
def phone(district: Any) -> Phone:
    return Phone(district)


async def test_a_visit_that_is_pushed_shows_up_and_so_does_what_becomes_of_it(district: Any, phone: Phone) -> None:
    supervisor = district.client("supervisor")
    async with _open(district, "supervisor") as page:
        assert page.headers[b"content-type"].startswith(b"text/event-stream")
        assert page.headers[b"cache-control"] == b"no-store"
        assert b"content-encoding" not in page.headers
        visit = phone.visit()
        await asyncio.to_thread(phone.push, visit)
        assert await page.event() == {"id": visit["_id"], "seq": int(page.last), "state": "pending"}
        rev = phone.rev(visit["_id"])
        await supervisor.post(f"/api/visits/{visit['_id']}/return", json={"rev": rev, "note": "哪层？"})
        assert (await page.event())["state"] == "returned"
        await asyncio.to_thread(phone.push, {**visit, "note": "五层"})
        assert (await page.event())["state"] == "pending"
        await asyncio.to_thread(phone.push, phone.deleted(visit["_id"]))
        assert (await page.event())["state"] == "deleted"


async def test_a_page_that_reconnects_is_told_what_it_missed(district: Any, phone: Phone) -> None:
    async with _open(district, "supervisor") as page:
        phone.push(phone.visit())
        await page.event()
    missed = [phone.visit(), phone.visit()]
    phone.push(*missed)
    async with _open(district, "supervisor", page.last) as again:
        assert [(await again.event())["id"] for _ in missed] == [each["_id"] for each in missed]


async def test_visits_of_other_areas_are_not_told(district: Any, phone: Phone) -> None:
    elsewhere = Phone(district, "other", "d-0201")
    async with _open(district, "supervisor") as page:
        elsewhere.push(elsewhere.visit())
        visit = phone.visit()
        phone.push(visit)
        assert (await page.event())["id"] == visit["_id"]


async def test_several_areas(district: Any, phone: Phone) -> None:
    district.grant("supervisor", "supervisor", "d-0201")
    elsewhere = Phone(district, "other", "d-0201")
    async with _open(district, "supervisor") as page:
        theirs, ours = elsewhere.visit(), phone.visit()
        elsewhere.push(theirs)
        phone.push(ours)
        assert {(await page.event())["id"] for _ in range(2)} == {theirs["_id"], ours["_id"]}


async def test_silence_is_broken_by_a_heartbeat(district: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controllers, "HEARTBEAT", 0.05)
    async with _open(district, "supervisor") as page:
        assert (await page.comment()).startswith(":")


async def test_a_grant_taken_away_ends_the_stream(district: Any, phone: Phone) -> None:
    async with _open(district, "supervisor") as page:
        taken = Grant(Role.SUPERVISOR, "c1")
        district.database.write_now(lambda c: accounts.remove_grant(c, "supervisor", taken))
        phone.push(phone.visit())
        await page.end()
        assert "data:" not in page.text


@pytest.mark.parametrize("who", ["visitor", "admin"])
async def test_the_stream_is_for_supervisors(district: Any, who: str) -> None:
    answer = await district.client(who).get("/api/visits/events")
    assert answer.status_code == 403
