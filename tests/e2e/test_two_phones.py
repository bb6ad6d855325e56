"""Two phones with no signal meet the same door that no register knows: it becomes one household."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stairwell
from tests.e2e.phone import Phone
from tests.installation import PASSWORD

pytestmark = pytest.mark.browser


def _add_and_record(phone: Phone, door: str, name: str) -> None:
    page = phone.page
    page.get_by_role("button", name="补一户").tap()
    sheet = page.get_by_role("dialog", name="补一户")
    sheet.get_by_label("门牌").fill(door)
    sheet.get_by_label("户主（可以不填）").fill(name)
    sheet.get_by_role("button", name="补上这一户").tap()
    page.get_by_role("button", name="没人", exact=True).tap()
    expect(phone.door(door)).to_have_count(1)


def test_the_same_door_made_twice_is_one_household(stairwell: Stairwell, phones: Callable[..., Phone]) -> None:
    second = "zhou.second"
    run = stairwell.command
    run("user", "add", second, "--display-name", "周二", "--password-stdin", stdin=PASSWORD + "\n")
    run("grant", "add", second, "visitor", stairwell.area)
    one, two = phones(stairwell.url, stairwell.visitor), phones(stairwell.url, second)
    for phone, name in ((one, "郑大海"), (two, "郑海")):
        phone.context.set_offline(True)
        _add_and_record(phone, "701", name)

    one.context.set_offline(False)
    one.synced(within=20)
    two.context.set_offline(False)
    two.synced(within=20)

    [household] = [each for each in stairwell.documents("household") if each["door"] == "701"]
    [losing] = household["_conflicts"]
    loser = stairwell.ask("GET", f"/sync/area-{stairwell.area}/{household['_id']}?rev={losing}")
    assert {household["name"], loser["name"]} == {"郑大海", "郑海"}
    assert {household["by"], loser["by"]} == {stairwell.visitor, second}
    visits = [visit for visit in stairwell.documents("visit") if visit["household"] == household["_id"]]
    assert {visit["by"] for visit in visits} == {stairwell.visitor, second}

    # Both phones show the one door, under the winner's name, with both visits in its history.
    for phone in (one, two):
        expect(phone.door("701")).to_have_count(1)
        phone.door("701").dispatch_event("contextmenu")
        expect(phone.page.get_by_text(household["name"], exact=True)).to_be_visible()
        expect(phone.page.get_by_test_id("history-item")).to_have_count(2)

    # An edit grows from the winner; the other version stays where it is.
    page = one.page
    page.get_by_role("link", name="改住户资料").tap()
    page.get_by_label("人口").fill("3")
    page.get_by_role("button", name="保存").tap()
    one.synced(within=20)
    expect(two.page.get_by_text("3 口人")).to_be_visible()
    [household] = [each for each in stairwell.documents("household") if each["door"] == "701"]
    assert (household["people"], household["_conflicts"]) == (3, [losing])
