"""The lease, the records of runs, and the scheduler that works by both."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from server.channels.outcome import Outcome, Parcel, Sent
from server.clock import SHANGHAI, to_ms
from server.reminders.models import Channel
from server.reminders.settings import ReminderSettings
from server.scheduling import leases, runs
from server.scheduling.process import run_once, run_scheduler
from server.scheduling.scheduler import LEASE, Daily, Every, Job, Scheduler
from server.scheduling.settings import SchedulingSettings
from server.scheduling.tables import job_run, lease
from server.settings import Settings
from tests.server.reminders.ground import Ground, at, followup


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'test.db'}",
        scheduling=SchedulingSettings(every_seconds=0.05),
    )


def acquire(ground: Ground, holder: str, seconds: float = 30) -> bool:
    now, until = ground.now_ms(), ground.now_ms() + int(seconds * 1000)
    return ground.database.write_now(lambda c: leases.acquire(c, LEASE, holder=holder, now_ms=now, until_ms=until))


def recorded(ground: Ground, job: str) -> list[tuple[int, str]]:
    query = select(job_run.c.scheduled_ms, job_run.c.outcome).where(job_run.c.job == job).order_by("scheduled_ms")
    return ground.database.read_now(lambda c: [(row.scheduled_ms, row.outcome) for row in c.execute(query)])


def test_one_holds_the_lease_until_it_runs_out_or_is_given_up(ground: Ground) -> None:
    assert acquire(ground, "a")
    assert not acquire(ground, "b")
    assert acquire(ground, "a")
    ground.clock.advance(timedelta(seconds=30))
    assert acquire(ground, "b")
    assert not acquire(ground, "a")
    ground.database.write_now(lambda c: leases.give_up(c, LEASE, holder="a"))
    assert not acquire(ground, "a")
    ground.database.write_now(lambda c: leases.give_up(c, LEASE, holder="b"))
    assert acquire(ground, "a")


def test_a_run_is_begun_once(ground: Ground) -> None:
    begun = [
        ground.database.write_now(lambda c, h=holder: runs.begin(c, "job", 5, holder=h, now_ms=1))
        for holder in ("a", "b", "a")
    ]
    assert begun == [True, False, False]


def test_schedules_name_the_last_moment_up_to_now() -> None:
    now = datetime(2026, 11, 24, 3, 29, 59, tzinfo=SHANGHAI)
    assert Daily(time(3, 30)).latest(now) == at("2026-11-23 03:30")
    assert Daily(time(3, 30)).latest(now + timedelta(seconds=1)) == at("2026-11-24 03:30")
    assert Every(5).latest(now) == now - timedelta(seconds=4)


async def test_of_two_schedulers_one_works_and_the_other_takes_over(ground: Ground, settings: Settings) -> None:
    first, second = (Scheduler(ground.deliverer(name), settings) for name in ("first", "second"))
    ran: list[tuple[str, datetime]] = []

    def job(name: str) -> Job:
        async def run(scheduled: datetime) -> None:
            ran.append((name, scheduled))

        return Job("test", Every(1), run)

    for scheduler, name in ((first, "first"), (second, "second"), (first, "first")):
        await scheduler.tick(job(name))
    ground.clock.advance(timedelta(seconds=31))  # the first fell silent
    for scheduler, name in ((second, "second"), (first, "first")):
        await scheduler.tick(job(name))
    assert [name for name, _scheduled in ran] == ["first", "first", "second"]


async def test_a_job_that_fails_does_not_end_the_scheduler(ground: Ground, settings: Settings) -> None:
    scheduler = Scheduler(ground.deliverer(), settings)
    tried = 0

    async def run(_scheduled: datetime) -> None:
        nonlocal tried
        tried += 1
        raise RuntimeError

    for _ in range(2):
        await scheduler.tick(Job("test", Every(1), run))
    assert tried == 2


async def test_reminders_go_out_by_the_scheduler_and_each_run_with_work_is_recorded_once(
    ground: Ground, settings: Settings
) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2026-11-24"))
    ground.clock.set(at("2026-11-24 08:30"))
    schedulers = [Scheduler(ground.deliverer(name), settings) for name in ("first", "second")]
    for _ in range(3):
        for scheduler in schedulers:
            await scheduler.tick(scheduler.jobs[0])
    assert len(ground.push.parcels) == 1
    assert recorded(ground, "reminders") == [(ground.now_ms(), "ok")]
    assert recorded(ground, "late_scan") == [(to_ms(at("2026-11-24 08:30")), "ok")]


async def test_cleaning_is_made_up_for_once_and_erases_what_is_old(ground: Ground, settings: Settings) -> None:
    ground.project(followup(1, "2026-11-24"))
    await ground.run("2026-11-24 08:30")
    scheduler = Scheduler(ground.deliverer(), settings)
    ground.clock.set(at("2027-06-01 12:00"))
    for _ in range(2):
        await scheduler.tick(scheduler.jobs[1])
    assert recorded(ground, "cleanup") == [(to_ms(at("2027-06-01 03:30")), "ok")]
    assert ground.reminders() == []
    assert ground.deliveries() == []


async def test_the_process_starts_catches_up_works_and_gives_the_lease_up(ground: Ground, settings: Settings) -> None:
    ground.project(followup(1, "2026-11-24"))
    ground.clock.set(at("2026-11-24 12:00"))
    stop = asyncio.Event()
    running = asyncio.create_task(run_scheduler(settings, ground.clock, stop=stop))
    while not ground.deliveries(state="sent"):
        assert not running.done()
        await asyncio.sleep(0)
    ground.project(followup(2, "2026-11-24"))
    while len(ground.deliveries(state="sent")) < 2:
        assert not running.done()
        ground.clock.advance(timedelta(milliseconds=50))  # the record of a run is one for each scheduled moment
        await asyncio.sleep(0)
    stop.set()
    await running
    assert ground.database.read_now(lambda c: c.execute(select(lease)).all()) == []


async def test_the_start_does_not_wait_for_a_push_service_that_does_not_answer(
    ground: Ground, settings: Settings
) -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    class Silent:
        async def send(self, _parcel: Parcel, _target: object) -> Outcome:
            asked.set()
            await answered.wait()
            return Sent()

    ground.device("visitor")
    ground.project(followup(1, "2026-11-24"))
    ground.clock.set(at("2026-11-24 12:00"))
    deliverer = ground.deliverer()
    deliverer.senders = {Channel.WEB_PUSH: Silent()}
    scheduler = Scheduler(deliverer, settings)
    await asyncio.wait_for(scheduler.start(), 5)
    await asked.wait()
    answered.set()
    await scheduler.stop()
    assert len(ground.deliveries(state="sent", channel="web_push")) == 1


async def test_one_pass_as_of_a_moment_does_what_is_due_by_then(ground: Ground, settings: Settings) -> None:
    ground.project(followup(1, "2026-11-29"))
    nothing = await run_once(settings, clock=ground.clock)
    assert (nothing.released, nothing.tried) == (0, 0)
    moment = datetime.fromisoformat("2026-11-29T08:30+08:00")
    assert (await run_once(settings, at=moment, clock=ground.clock)).released == 1
    assert (await run_once(settings, at=moment, clock=ground.clock)).released == 0


def test_a_digest_at_night_is_refused() -> None:
    with pytest.raises(ValueError, match="digest_at"):
        ReminderSettings(digest_at=time(7, 0))
