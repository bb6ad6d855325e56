"""Reminders in the application."""

import httpx

from server.accounts import repository as accounts
from server.accounts.models import Grant, Role
from server.clock import FixedClock
from server.followups import projection
from server.reminders.service import visit_returned
from server.scheduling.process import run_once
from server.settings import Settings
from sync.store.database import Database
from tests.server.reminders.ground import at, followup


async def remind(database: Database, settings: Settings, clock: FixedClock) -> None:
    made = [followup(n, "2026-11-24", area="d-0101") for n in (1, 2)]
    database.write_now(lambda c: projection.project(c, made))
    clock.set(at("2026-11-24 08:30"))
    await run_once(settings, clock=clock, database=database)


async def test_each_matter_is_a_line_until_it_is_read_or_done(
    visitor: httpx.AsyncClient, database: Database, settings: Settings, clock: FixedClock
) -> None:
    await remind(database, settings, clock)
    items = (await visitor.get("/api/reminders")).json()["items"]
    assert {(each["kind"], each["title"], each["body"], each["due"]) for each in items} == {
        ("followup_due", "今天要回访", "送药后问候", "2026-11-24")
    }
    assert items[0]["at"] == "2026-11-24T08:30:00+08:00"
    assert (await visitor.post(f"/api/reminders/{items[0]['id']}/read")).status_code == 204
    assert [each["id"] for each in (await visitor.get("/api/reminders")).json()["items"]] == [items[1]["id"]]
    number = int(items[1]["followup"][-4:])
    database.write_now(lambda c: projection.project(c, [followup(number, "2026-11-24", area="d-0101", state="done")]))
    assert (await visitor.get("/api/reminders")).json()["items"] == []
    everything = (await visitor.get("/api/reminders", params={"state": "all"})).json()["items"]
    assert sorted(each["kind"] for each in everything) == ["digest", "followup_due", "followup_due"]
    (digest,) = [each for each in everything if each["kind"] == "digest"]
    assert digest["title"] == "今天 1 户要回访"


async def test_reading_the_digest_reads_what_it_told(
    visitor: httpx.AsyncClient, database: Database, settings: Settings, clock: FixedClock
) -> None:
    await remind(database, settings, clock)
    everything = (await visitor.get("/api/reminders", params={"state": "all"})).json()["items"]
    (digest,) = [each for each in everything if each["kind"] == "digest"]
    await visitor.post(f"/api/reminders/{digest['id']}/read")
    assert (await visitor.get("/api/reminders")).json()["items"] == []


async def test_nobody_sees_or_reads_the_reminders_of_another(
    visitor: httpx.AsyncClient, other: httpx.AsyncClient, database: Database, settings: Settings, clock: FixedClock
) -> None:
    await remind(database, settings, clock)
    (mine, _second) = (await visitor.get("/api/reminders")).json()["items"]
    assert (await other.get("/api/reminders", params={"state": "all"})).json()["items"] == []
    assert (await other.post(f"/api/reminders/{mine['id']}/read")).status_code == 404


async def test_what_was_promised_is_not_told_once_the_area_is_taken_away(
    visitor: httpx.AsyncClient, database: Database, settings: Settings, clock: FixedClock
) -> None:
    await remind(database, settings, clock)
    database.write_now(lambda c: accounts.remove_grant(c, "visitor", Grant(Role.VISITOR, "d-0101")))
    items = (await visitor.get("/api/reminders")).json()["items"]
    assert {each["body"] for each in items} == {""}


async def test_a_returned_visit_is_a_line(
    visitor: httpx.AsyncClient, database: Database, settings: Settings, clock: FixedClock
) -> None:
    visit = "visit:01JD000000000000000000000V"
    facts = {"visit_id": visit, "review_rev": "1-a", "author": "visitor", "household": "household:d-0101:501"}
    database.write_now(lambda c: visit_returned(c, **facts, at_ms=0))
    await run_once(settings, clock=clock, database=database)
    (item,) = (await visitor.get("/api/reminders")).json()["items"]
    assert (item["kind"], item["visit"], item["household"]) == ("visit_returned", visit, "household:d-0101:501")
