"""How often something is sent, and under which key."""

import asyncio
from datetime import timedelta

import pytest

from server.channels.outcome import Gone, Later, Refused, Sent
from server.clock import from_ms, to_ms
from server.reminders.release import release
from tests.server.reminders.ground import Ground, at, followup

DUE = "2026-11-24 08:30"


@pytest.fixture
def due(ground: Ground) -> Ground:
    """One promise due, to be pushed to one device."""
    ground.device("visitor")
    ground.project(followup(1, "2026-11-24"))
    ground.clock.set(at(DUE))
    return ground


async def test_waits_double_up_to_the_limit_and_the_last_failure_ends_it(due: Ground) -> None:
    due.push.answer = lambda _parcel: Later("status 503")
    waits = []
    await due.run()
    while queued := due.deliveries(state="queued"):
        next_try = from_ms(queued[0].next_try_ms)
        waits.append((next_try - due.clock.now()).total_seconds())
        await due.run(next_try - timedelta(milliseconds=1))
        before = len(due.push.parcels)
        await due.run(next_try)
        assert len(due.push.parcels) == before + 1
    for wait, expected in zip(waits, [30, 60, 120, 240, 480, 960, 1920], strict=True):
        assert 0.8 * expected <= wait <= 1.2 * expected
    (ended,) = due.deliveries(channel="web_push")
    assert (ended.state, ended.attempts, ended.error) == ("failed", 8, "status 503")
    assert len({parcel.key for parcel, _target in due.push.parcels}) == 1


async def test_a_server_that_names_a_time_is_not_asked_sooner(due: Ground) -> None:
    due.push.answer = lambda _parcel: Later("status 429", 600)
    await due.run()
    (queued,) = due.deliveries(state="queued")
    assert queued.next_try_ms == to_ms(at(DUE) + timedelta(seconds=600))


async def test_a_retry_that_would_fall_into_the_night_waits_for_the_morning(due: Ground) -> None:
    due.push.answer = lambda _parcel: Later("status 503", 600)
    await due.run("2026-11-24 20:55")
    assert from_ms(due.deliveries(state="queued")[0].next_try_ms) == at("2026-11-25 08:30")


async def test_what_is_queued_is_not_sent_at_night(due: Ground) -> None:
    due.push.answer = lambda _parcel: Later("status 503")
    await due.run("2026-11-24 20:59")
    due.database.write_now(lambda c: c.exec_driver_sql("UPDATE delivery SET next_try_ms = 0"))
    for moment in ("2026-11-24 21:00", "2026-11-25 03:00", "2026-11-25 07:59"):
        await due.run(moment)
    assert len(due.push.parcels) == 1


async def test_a_device_that_is_gone_is_forgotten(due: Ground) -> None:
    due.push.answer = lambda _parcel: Gone("status 410")
    await due.run()
    assert [each.state for each in due.deliveries(channel="web_push")] == ["failed"]
    due.push.answer = lambda _parcel: Sent()
    due.project(followup(2, "2026-11-24"))
    await due.run()
    assert len(due.push.parcels) == 1  # there is nowhere left to send to


async def test_what_is_refused_is_not_tried_again(due: Ground) -> None:
    due.push.answer = lambda _parcel: Refused("status 400")
    await due.run()
    await due.run("2026-11-24 12:00")
    assert len(due.push.parcels) == 1


async def test_every_channel_gets_it_each_once_under_one_key(due: Ground) -> None:
    due.device("visitor", "tablet")
    due.address("visitor")
    await due.run()
    await due.run()
    assert len(due.push.parcels) == 2
    assert len(due.message.parcels) == 1
    assert len({parcel.key for parcel, _target in due.push.parcels + due.message.parcels}) == 1
    assert sorted((each.channel, each.state) for each in due.deliveries()) == [
        ("in_app", "sent"),
        ("message", "sent"),
        ("web_push", "sent"),
        ("web_push", "sent"),
    ]


async def test_without_any_channel_it_is_told_in_the_application(ground: Ground) -> None:
    ground.project(followup(1, "2026-11-24"))
    await ground.run(DUE)
    assert [(each.channel, each.state) for each in ground.deliveries()] == [("in_app", "sent")]
    assert ground.reminders()[0].state == "released"


async def test_done_while_it_waits_for_another_try_it_is_not_sent_any_more(due: Ground) -> None:
    due.push.answer = lambda _parcel: Later("status 503")
    await due.run()
    due.project(followup(1, "2026-11-24", state="done"))
    await due.run("2026-11-24 12:00")
    assert len(due.push.parcels) == 1
    due.push.answer = lambda _parcel: Sent()
    due.project(followup(1, "2026-11-24"))  # it was not done after all
    await due.run("2026-11-24 12:01")
    assert [each.state for each in due.deliveries(channel="web_push")] == ["sent"]


async def test_a_digest_counts_what_is_left_when_it_is_sent(due: Ground) -> None:
    due.push.answer = lambda _parcel: Later("status 503")
    due.project(followup(2, "2026-11-24"), followup(3, "2026-11-24"))
    await due.run()
    due.project(followup(2, "2026-11-24", state="done"))
    due.push.answer = lambda _parcel: Sent()
    await due.run("2026-11-24 09:30")
    assert due.titles() == ["今天 3 户要回访", "今天 2 户要回访"]


async def test_killed_between_sending_and_recording_it_is_sent_again_under_the_same_key(due: Ground) -> None:
    dying = due.deliverer("w1")
    released = due.database.write_now(lambda c: release(c, due.times, due.clock.now(), holder="w1"))
    assert released == 1
    (load,) = due.database.write_now(lambda c: dying.claim(c, due.clock.now()))
    await due.push.send(load.parcel, load.target)  # and then nothing more is heard of it
    await due.run(worker="w2")
    assert len(due.push.parcels) == 1  # the claim holds
    await due.run(due.after(seconds=121), worker="w2")
    await due.run(due.after(seconds=500), worker="w2")
    assert len(due.push.parcels) == 2
    assert len({parcel for parcel, _target in due.push.parcels}) == 1


async def test_who_lost_the_claim_can_record_that_it_was_sent_but_not_that_it_failed(due: Ground) -> None:
    slow, now = due.deliverer("slow"), due.clock.now()
    due.database.write_now(lambda c: release(c, due.times, now, holder="slow"))
    (load,) = due.database.write_now(lambda c: slow.claim(c, now))
    due.clock.advance(timedelta(seconds=121))
    (taken,) = due.database.write_now(lambda c: due.deliverer("quick").claim(c, now))
    due.database.write_now(lambda c: slow.record(c, load, Later("timeout"), now))
    assert due.deliveries(channel="web_push")[0].state == "sending"
    due.database.write_now(lambda c: slow.record(c, load, Sent(), now))
    due.database.write_now(lambda c: slow.record(c, taken, Later("timeout"), now))
    assert due.deliveries(channel="web_push")[0].state == "sent"


async def test_a_delivery_that_kills_its_process_each_time_is_given_up(due: Ground) -> None:
    due.database.write_now(lambda c: release(c, due.times, due.clock.now(), holder="w"))
    for _ in range(8):
        assert due.database.write_now(lambda c: due.deliverer().claim(c, due.clock.now()))
        due.clock.advance(timedelta(seconds=121))
    await due.run()
    assert [(each.state, each.error) for each in due.deliveries(channel="web_push")] == [("failed", "interrupted")]


async def test_many_schedulers_at_the_same_time_send_each_once(ground: Ground) -> None:
    for number in range(1, 101):
        ground.device("visitor" if number % 2 else "second", f"phone{number % 10}")
    ground.project(*(followup(n, "2026-11-24", by="visitor" if n % 2 else "second") for n in range(1, 101)))
    ground.clock.set(at(DUE))
    await asyncio.gather(*(ground.run(worker=f"w{n}") for n in range(8)))
    sent = [(parcel.key, target) for parcel, target in ground.push.parcels]
    assert len(sent) == len(set(sent)) == 10


async def test_messages_carry_no_text_of_the_promise(due: Ground) -> None:
    await due.run()
    ((parcel, _device),) = due.push.parcels
    assert "送药" not in repr(parcel)
    assert "household" not in repr(parcel)
