"""The server does not take a record: the visitor sees which, why, and puts it right."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Stairwell
from tests.e2e.phone import Phone

pytestmark = pytest.mark.browser


def _refusals(page: Page) -> list[dict[str, str]]:
    answer = page.context.request.get("/".join([*page.url.split("/")[:3], "api/refusals"]))
    items: list[dict[str, str]] = answer.json()["items"]
    return items


def test_a_visit_dated_by_a_wrong_clock_is_mended(stairwell: Stairwell, phones: Callable[..., Phone]) -> None:
    phone = phones(stairwell.url, stairwell.visitor)
    page = phone.page
    phone.set_clock(days=3)
    phone.record("601", "见面", note="问了低保的事")
    phone.says("1 条需要修改")

    page.get_by_test_id("sync-line").tap()
    refused = page.get_by_test_id("outbox-refused")
    expect(refused).to_contain_text("601")
    expect(refused).to_contain_text("在将来：请把手机时间调准后重新保存")
    [refusal] = _refusals(page)
    assert (refusal["state"], refusal["type"]) == ("waiting", "visit")
    assert stairwell.documents("visit") == []

    # Also after a start from cold, with the clock put right: the reason is still there. Saving again is enough.
    phone.set_clock(days=0)
    refused.get_by_role("link", name="修改").tap()
    expect(page.get_by_test_id("mend-reason")).to_contain_text("在将来")
    page.get_by_role("button", name="保存", exact=True).tap()
    phone.synced(within=20)
    expect(page.get_by_test_id("outbox-refused")).to_have_count(0)
    [visit] = stairwell.documents("visit")
    assert visit["note"] == "问了低保的事"
    assert [each["state"] for each in _refusals(page)] == ["mended"]


def test_an_edit_of_what_was_approved_meanwhile_is_given_up(stairwell: Stairwell, phones: Callable[..., Phone]) -> None:
    stairwell.command("grant", "add", "li.ming", "supervisor", stairwell.area)
    phone = phones(stairwell.url, stairwell.visitor)
    page = phone.page
    phone.record("502", "见面", note="楼道灯不亮")
    phone.says("待上传")
    phone.synced(within=20)
    [visit] = [each for each in stairwell.documents("visit") if each["household"] == stairwell.household("502")]

    phone.context.set_offline(True)
    phone.door("502").dispatch_event("contextmenu")
    page.get_by_test_id("history-item").get_by_role("link", name="修改").tap()
    page.get_by_label("一句话").fill("楼道灯修好了")
    page.get_by_role("button", name="保存", exact=True).tap()
    phone.says("1 条待上传")

    desk = phones(stairwell.url, "li.ming", at="/reviews")
    desk.page.get_by_test_id("review-row").filter(has_text="楼道灯不亮").get_by_role("link").tap()
    desk.page.get_by_role("button", name="通过", exact=True).tap()
    expect(desk.page.get_by_test_id("review-detail")).to_contain_text("已通过")

    phone.context.set_offline(False)
    phone.says("1 条需要修改")
    page.get_by_test_id("sync-line").tap()
    refused = page.get_by_test_id("outbox-refused")
    expect(refused).to_contain_text("已审阅通过，不能再改")
    refused.get_by_role("button", name="不要这条了").tap()
    refused.get_by_role("button", name="不要了").tap()
    phone.synced(within=20)

    # What the server has is what the phone shows again.
    phone.tab("楼栋")
    phone.door("502").dispatch_event("contextmenu")
    expect(page.get_by_test_id("history-item")).to_contain_text("楼道灯不亮")
    [kept] = [each for each in stairwell.documents("visit") if each["_id"] == visit["_id"]]
    assert (kept["_rev"], kept.get("_conflicts")) == (visit["_rev"], None)
