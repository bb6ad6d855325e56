"""What a visitor's phone may write."""

from typing import Any

import pytest

from tests.server.phones import Phone


@pytest.fixture
def phone(district: Any) -> Phone:
    return Phone(district)


def test_one_of_each_type(phone: Phone) -> None:
    visit = phone.visit()
    followup = phone.followup(visit=visit["_id"], to="visitor")
    visit["followup"] = followup["_id"]
    photo = phone.photo(visit["_id"])
    assert phone.push(phone.household(), visit, followup, photo) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "no_answer", "needs": [], "note": ""},
        {"note": "字" * 2000, "needs": ["需" * 20] * 12},
        {"at": "2026-11-22T01:30:00.123Z"},
        {"at": "2026-11-23T09:59:00+08:00"},
        {"note": None, "followup": None},
        {"weather": {"rain": True}},
    ],
    ids=["nobody in", "all full", "utc", "clock ahead by less than a day", "nulls", "fields of a newer phone"],
)
def test_visits_that_are_right(phone: Phone, fields: dict[str, Any]) -> None:
    assert phone.push(phone.visit(**fields)) == {}


def test_unknown_fields_are_kept(phone: Phone) -> None:
    visit = phone.visit(weather={"rain": True})
    phone.push(visit)
    assert phone.pulled(visit["_id"])["weather"] == {"rain": True}


def test_a_document_made_and_changed_offline_arrives_as_its_last_revision(phone: Phone) -> None:
    visit = phone.visit()
    phone.saved(visit)
    assert phone.push({**visit, "note": "改过"}) == {}
    assert phone.pulled(visit["_id"])["note"] == "改过"


def test_an_author_changes_and_deletes_what_is_not_approved(phone: Phone) -> None:
    visit, followup = phone.visit(), phone.followup()
    photo = phone.photo(visit["_id"])
    phone.push(visit, followup, photo)
    assert phone.push({**visit, "outcome": "declined"}, {**followup, "due": "2026-12-05"}) == {}
    gone = [phone.deleted(each["_id"]) for each in (visit, followup, photo)]
    assert phone.push(*gone) == {}


def test_a_tombstone_of_what_was_never_here(phone: Phone) -> None:
    assert phone.push(phone.deleted("visit:01JD0000000000000000000000"), phone.deleted("household:d-0101:909")) == {}


def test_anybody_of_the_area_changes_its_households(district: Any, phone: Phone) -> None:
    phone.push(phone.household())
    district.account("neighbour")
    district.grant("neighbour", "visitor", "b1")
    neighbour = Phone(district, "neighbour", "b1")
    assert neighbour.push({**neighbour.pulled("household:d-0101:501"), "people": 3}) == {}


def test_who_is_to_come_back_may_say_that_it_is_done(district: Any, phone: Phone) -> None:
    district.account("helper")
    district.grant("helper", "visitor", "d-0101")
    followup = phone.followup(to="helper")
    phone.push(followup)
    helper = Phone(district, "helper", "d-0101")
    done = {**helper.pulled(followup["_id"]), "state": "done", "done_at": "2026-11-22T09:50:00+08:00"}
    assert helper.push(done) == {}


def test_a_supervisor_cancels_a_followup_and_deletes_a_household(district: Any, phone: Phone) -> None:
    followup = phone.followup()
    phone.push(followup, phone.household())
    supervisor = Phone(district, "supervisor", "c1")
    household = supervisor.pulled("household:d-0101:501")
    assert supervisor.push({**supervisor.pulled(followup["_id"]), "state": "cancelled"}) == {}
    assert supervisor.push(supervisor.deleted(household["_id"])) == {}


def test_two_phones_that_register_a_door_offline_make_one_household(district: Any, phone: Phone) -> None:
    district.account("neighbour")
    district.grant("neighbour", "visitor", "d-0101")
    neighbour = Phone(district, "neighbour", "d-0101")
    assert phone.push(phone.household(people=2)) == {}
    assert neighbour.push(neighbour.household(phone="13800000000")) == {}
    leaves = district.database.read_now(lambda c: phone.store.leaves_now(c, "areas", "household:d-0101:501"))
    assert len(leaves) == 2
    assert phone.push({**phone.household(people=4)}) == {}
    assert neighbour.push({**neighbour.household(people=5)}) == {}


def test_a_building_without_doors_is_a_leaf(district: Any) -> None:
    district.area("b9", "c1", "building", "平房")
    district.grant("visitor", "visitor", "b9")
    phone = Phone(district, "visitor", "b9")
    assert phone.push(phone.household("2-501"), phone.visit(household="household:b9:2-501")) == {}


def test_doors_added_below_a_building_freeze_none_of_its_records(district: Any) -> None:
    district.area("b9", "c1", "building", "平房")
    district.grant("visitor", "visitor", "b9")
    phone = Phone(district, "visitor", "b9")
    assert phone.push(phone.household("2-501")) == {}
    district.area("d9", "b9", "door", "1门")
    visit = phone.visit(household="household:b9:2-501")
    assert phone.push(phone.household("2-501", people=3), visit) == {}
    assert phone.push({**visit, "note": "补一句"}) == {}


def test_an_administrator_may_write_for_others_through_the_whole_database(district: Any) -> None:
    office = Phone(district, "admin", None, admin=True)
    assert office.push(office.visit(by="visitor")) == {}
