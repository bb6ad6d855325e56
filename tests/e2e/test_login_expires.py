"""The log-in or the grant ends while the phone is away: work goes on, the phone asks when it meets the server again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stairwell
from tests.e2e.phone import Phone
from tests.installation import PASSWORD

pytestmark = pytest.mark.browser

NEW_PASSWORD = "another horse 8"


def test_the_password_is_asked_for_in_the_line_and_nothing_is_lost(
    stairwell: Stairwell, phones: Callable[..., Phone]
) -> None:
    phone = phones(stairwell.url, stairwell.visitor)
    page = phone.page
    phone.context.set_offline(True)
    phone.record("601", "没人")

    # Ended on the server: by a new password, which ends every session.
    stairwell.command("user", "set-password", stairwell.visitor, "--password-stdin", stdin=NEW_PASSWORD + "\n")

    phone.record("602", "见面", note="灯泡坏了")
    page.reload()
    expect(phone.door("602")).to_be_visible()
    phone.says("2 条待上传")

    # The next contact: it says so in the line, and in nothing else. The next visit is recorded all the same.
    phone.context.set_offline(False)
    phone.says("需要重新登录才能上传 · 2 条待上传")
    assert page.get_by_role("dialog").count() == 0
    phone.record("501", "没人")
    phone.says("3 条待上传")

    page.get_by_test_id("sync-line").tap()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("不会丢")
    expect(sheet.get_by_label("登录名")).to_have_value(stairwell.visitor)
    sheet.get_by_label("密码").fill(PASSWORD)
    sheet.get_by_role("button", name="登录", exact=True).tap()
    expect(sheet).to_contain_text("登录名或密码不对")
    sheet.get_by_label("密码").fill(NEW_PASSWORD)
    sheet.get_by_role("button", name="登录", exact=True).tap()
    expect(sheet).to_be_hidden()
    phone.synced(within=20)

    sent = {visit["household"]: visit for visit in stairwell.documents("visit")}
    assert set(sent) == {stairwell.household(door) for door in ("601", "602", "501")}
    assert sent[stairwell.household("602")]["note"] == "灯泡坏了"
    stairwell.command("user", "set-password", stairwell.visitor, "--password-stdin", stdin=PASSWORD + "\n")


def test_what_is_unsent_is_rescued_when_the_area_is_taken_away(
    stairwell: Stairwell, phones: Callable[..., Phone]
) -> None:
    phone = phones(stairwell.url, stairwell.visitor)
    page = phone.page
    assert [name for name in phone.databases() if stairwell.area in name]
    phone.context.set_offline(True)
    phone.record("402", "见面", note="答应带一份助餐点的地址")

    stairwell.command("grant", "remove", stairwell.visitor, "visitor", stairwell.area)
    phone.context.set_offline(False)

    # What others wrote of these households is gone from the phone; what only this phone has is not.
    page.wait_for_function(
        "area => indexedDB.databases().then(all => all.every(each => !each.name.includes(area)))", arg=stairwell.area
    )
    expect(phone.door("402")).to_have_count(0)
    page.reload()
    page.get_by_test_id("sync-line").tap()
    rescued = page.get_by_test_id("outbox-rescued")
    expect(rescued).to_contain_text("8号楼")
    expect(rescued).to_contain_text("不归您管")
    assert not [visit for visit in stairwell.documents("visit") if visit["household"] == stairwell.household("402")]

    status = page.evaluate("area => fetch(`/sync/area-${area}/_changes`).then(answer => answer.status)", stairwell.area)
    assert status == 403

    # It goes when its owner says so, and not before.
    rescued.get_by_role("button", name="不要这条了").tap()
    rescued.get_by_role("button", name="不要了").tap()
    expect(rescued).to_have_count(0)
    stairwell.command("grant", "add", stairwell.visitor, "visitor", stairwell.area)
