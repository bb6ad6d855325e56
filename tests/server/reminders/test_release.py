"""When what goes out, and in how many messages. 2026-11-22 is a Sunday."""

from datetime import date

import pytest

from server.accounts import repository as accounts
from server.accounts.models import Grant, Role
from server.calendar import repository as calendars
from server.calendar.days import Override
from server.reminders.service import visit_returned, visit_settled
from tests.server.reminders.ground import Ground, at, followup, tombstone

VISIT = "visit:01JD000000000000000000000V"


def returned(ground: Ground, rev: str = "2-b", visit: str = VISIT) -> None:
    ground.database.write_now(
        lambda c: visit_returned(
            c, visit_id=visit, review_rev=rev, author="visitor", household="household:d1:1", at_ms=ground.now_ms()
        )
    )


async def test_a_follow_up_is_reminded_of_on_the_morning_of_its_day_also_on_a_sunday(ground: Ground) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2026-11-29"))
    await ground.run("2026-11-28 20:00")
    await ground.run("2026-11-29 08:29")
    assert ground.push.parcels == []
    await ground.run("2026-11-29 08:30")
    ((parcel, _device),) = ground.push.parcels
    assert (parcel.title, parcel.kind) == ("今天 1 户要回访", "followup_due")
    await ground.run("2026-11-29 08:31")
    assert len(ground.push.parcels) == 1


async def test_three_promises_of_one_morning_are_one_message_and_three_lines_in_the_application(ground: Ground) -> None:
    ground.device("visitor")
    ground.device("second")
    ground.project(*(followup(n, "2026-11-24") for n in (1, 2, 3)), followup(4, "2026-11-24", by="second"))
    await ground.run("2026-11-24 08:30")
    assert sorted(ground.titles()) == ["今天 1 户要回访", "今天 3 户要回访"]
    folded = ground.reminders(account="visitor", kind="followup_due")
    (digest,) = ground.reminders(account="visitor", kind="digest")
    assert {each.state for each in folded} == {"folded"}
    assert {each.folded_into for each in folded} == {digest.id}


async def test_two_promises_at_one_door_count_as_one_household(ground: Ground) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2026-11-24"), followup(2, "2026-11-24", household="household:d1:1"))
    await ground.run("2026-11-24 08:30")
    assert ground.titles() == ["今天 1 户要回访"]


async def test_what_is_synced_later_on_its_day_goes_out_at_once_and_more_of_it_together(ground: Ground) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2026-11-24"), followup(2, "2026-11-24"))
    await ground.run("2026-11-24 08:30")
    ground.project(followup(3, "2026-11-24"), followup(4, "2026-11-24"))
    await ground.run("2026-11-24 10:00")
    assert ground.titles() == ["今天 2 户要回访", "今天 2 户要回访"]
    assert len(ground.reminders(kind="digest")) == 2


async def test_put_off_to_another_day_it_is_reminded_of_on_that_day_only(ground: Ground) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2026-11-24"))
    ground.project(followup(1, "2026-11-26", rev="2-b"))
    await ground.run("2026-11-24 08:30")
    assert ground.titles() == []
    await ground.run("2026-11-26 08:30")
    assert ground.titles() == ["今天 1 户要回访"]


@pytest.mark.parametrize("change", ["done", "cancelled", "deleted"])
async def test_what_is_done_cancelled_or_deleted_is_not_reminded_of(ground: Ground, change: str) -> None:
    ground.device("visitor")
    made = followup(1, "2026-11-24")
    ground.project(made)
    ground.project(tombstone(made) if change == "deleted" else followup(1, "2026-11-24", rev="2-b", state=change))
    await ground.run("2026-11-24 08:30")
    assert ground.push.parcels == []
    assert [each.state for each in ground.reminders()] == ["cancelled"]


async def test_reopened_before_it_was_told_it_is_told_after_it_was_told_it_is_not(ground: Ground) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2026-11-24"))
    ground.project(followup(1, "2026-11-24", state="done"))
    ground.project(followup(1, "2026-11-24"))
    await ground.run("2026-11-24 08:30")
    assert len(ground.titles()) == 1
    ground.project(followup(1, "2026-11-24", state="done"))
    assert [each.settled for each in ground.reminders()] == [True]
    ground.project(followup(1, "2026-11-24"))
    await ground.run("2026-11-24 09:00")
    assert len(ground.titles()) == 1
    assert [each.settled for each in ground.reminders()] == [False]


async def test_given_to_another_it_is_the_other_who_is_reminded(ground: Ground) -> None:
    ground.device("visitor")
    ground.device("second")
    ground.project(followup(1, "2026-11-24"))
    ground.project(followup(1, "2026-11-24", to="second"))
    await ground.run("2026-11-24 08:30")
    assert [target.account for _parcel, target in ground.push.parcels] == ["second"]


async def test_a_late_promise_is_told_once_on_the_next_working_day_and_to_the_supervisor_on_the_third(
    ground: Ground,
) -> None:
    for name in ("visitor", "boss", "chief"):
        ground.device(name)
    ground.project(followup(1, "2026-11-27"))  # a Friday
    told: dict[str, list[str]] = {}
    for day in ("11-27", "11-28", "11-29", "11-30", "12-01", "12-02", "12-03"):
        before = len(ground.push.parcels)
        await ground.run(f"2026-{day} 08:30")
        told[day] = [f"{target.account}: {parcel.title}" for parcel, target in ground.push.parcels[before:]]
    assert told == {
        "11-27": ["visitor: 今天 1 户要回访"],
        "11-28": [],
        "11-29": [],
        "11-30": ["visitor: 1 户回访已过期"],
        "12-01": [],
        "12-02": ["boss: 片区内 1 户回访逾期未办"],
        "12-03": [],
    }


async def test_a_corrected_day_moves_what_counts_as_late(ground: Ground) -> None:
    ground.device("visitor")
    holiday = Override(working=False, name="停工")
    ground.database.write_now(lambda c: calendars.put(c, date(2026, 11, 25), holiday, account="admin", at_ms=0))
    ground.project(followup(1, "2026-11-24"))
    await ground.run("2026-11-25 08:30")
    assert ground.titles() == ["今天 1 户要回访"]  # told a day too late, for want of a server; late it is not yet
    await ground.run("2026-11-26 08:30")
    assert ground.titles()[1:] == ["1 户回访已过期"]


async def test_lateness_in_a_year_that_is_not_published_goes_by_the_day_of_the_week(ground: Ground) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2027-03-05"))  # a Friday
    for day in ("03-05", "03-06", "03-08"):
        await ground.run(f"2027-{day} 08:30")
    assert ground.titles() == ["今天 1 户要回访", "1 户回访已过期"]


async def test_a_server_that_was_off_tells_a_matter_once(ground: Ground) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2026-11-23"))
    await ground.run("2026-11-24 11:00")
    assert ground.titles() == ["1 户回访已过期"]
    due, late = ground.reminders(kind="followup_due") + ground.reminders(kind="followup_late")
    assert (due.state, due.folded_into) == ("folded", late.id)


async def test_old_promises_remind_nobody(ground: Ground) -> None:
    ground.device("visitor")
    ground.device("boss")
    ground.project(*(followup(n, "2026-09-01") for n in range(1, 50)))
    await ground.run("2026-11-24 08:30")
    assert ground.push.parcels == []
    assert {each.state for each in ground.reminders()} == {"cancelled"}


async def test_nobody_is_told_of_an_area_that_was_taken_from_them(ground: Ground) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2026-11-24"))
    ground.database.write_now(lambda c: accounts.remove_grant(c, "visitor", Grant(Role.VISITOR, "d1")))
    await ground.run("2026-11-24 08:30")
    assert ground.push.parcels == []


async def test_a_disabled_account_is_not_told(ground: Ground) -> None:
    ground.device("visitor")
    ground.project(followup(1, "2026-11-24"))
    ground.database.write_now(lambda c: accounts.set_columns(c, "visitor", disabled_ms=1))
    await ground.run("2026-11-24 08:30")
    assert ground.push.parcels == []


async def test_a_returned_visit_is_told_at_once_by_day_and_in_the_morning_after_the_night(ground: Ground) -> None:
    ground.device("visitor")
    returned(ground)
    await ground.run()
    assert ground.titles() == ["1 条走访要修改"]
    ground.clock.set(at("2026-11-23 22:00"))
    returned(ground, "4-d")
    ground.project(followup(1, "2026-11-24"))
    for moment in ("2026-11-23 22:00", "2026-11-24 07:59", "2026-11-24 08:15"):
        await ground.run(moment)
    assert len(ground.titles()) == 1
    await ground.run("2026-11-24 08:30")
    assert ground.titles()[1:] == ["今天 1 户要回访，1 条走访要修改"]


async def test_between_the_quiet_hours_and_the_digest_a_returned_visit_goes_out_at_once(ground: Ground) -> None:
    ground.device("visitor")
    ground.clock.set(at("2026-11-24 08:10"))
    returned(ground)
    await ground.run("2026-11-24 08:10")
    assert ground.titles() == ["1 条走访要修改"]


async def test_a_review_is_told_once_a_second_review_again_and_a_mended_visit_not(ground: Ground) -> None:
    ground.device("visitor")
    returned(ground)
    returned(ground)
    await ground.run()
    returned(ground)
    await ground.run()
    assert len(ground.titles()) == 1
    returned(ground, "4-d")
    await ground.run()
    assert len(ground.titles()) == 2
    returned(ground, "6-e")
    ground.database.write_now(lambda c: visit_settled(c, visit_id=VISIT))
    await ground.run()
    assert len(ground.titles()) == 2
    assert {each.settled for each in ground.reminders()} == {True}
