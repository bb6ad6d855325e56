"""The main job, end to end, as its people do it: record with no signal, sync, review, mend, approve, be reminded."""

import base64
import json
import struct
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.phone import Phone
from tests.installation import Installation
from tests.server.channels.listening import Browser, PushService, serving

pytestmark = pytest.mark.browser

SHANGHAI = ZoneInfo("Asia/Shanghai")


def cell(page: Page, door: str):  # noqa: ANN201  a locator
    return page.locator(f'[data-door="{door}"]')


def picture(file: Path) -> Path:
    """Write a PNG of 1600×1200 that does not compress to nothing, as a camera's would not."""
    width, height = 1600, 1200
    rows = b"".join(
        b"\0" + bytes((x * 7 + y * 3 + (x * y) % 251) & 0xFF for x in range(width) for _ in range(3))
        for y in range(0, height, 8)
        for _ in range(8)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    file.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    )
    return file


def met(page: Page, door: str, *, followup: str | None = None, note: str = "", photo: Path | None = None) -> None:
    """Record "met" at a door from the building view."""
    cell(page, door).tap()
    page.get_by_role("button", name="见面", exact=True).tap()
    if followup:
        page.get_by_role("button", name=followup, exact=True).tap()
    if note:
        page.get_by_label("一句话").fill(note)
    if photo:
        page.get_by_test_id("photo-input").set_input_files(photo)
        expect(page.get_by_role("button", name="去掉第 1 张照片")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="保存", exact=True).tap()
    expect(page.get_by_test_id("flash")).to_be_visible()


def test_a_day_without_signal(visitor: Phone, supervisor: Phone, installation: Installation, tmp_path: Path) -> None:
    _record_in_the_stairwell(visitor, picture(tmp_path / "photo.png"))
    _die_and_come_back(visitor)

    # The signal returns: all on the server within 10 seconds, and the supervisor's open page shows them by itself.
    began = monotonic()
    visitor.context.set_offline(False)
    visitor.synced(within=10)
    assert monotonic() - began <= 10
    expect(supervisor.page.get_by_test_id("review-row")).to_have_count(5, timeout=10_000)

    _return_mend_approve(visitor.page, supervisor.page)

    # The photo came up too.
    desk = supervisor.page
    desk.go_back()
    desk.get_by_test_id("review-row").filter(has_text="501").get_by_role("link").tap()
    shown = desk.get_by_role("button", name="看大图：第 1 张").locator("img")
    desk.wait_for_function("image => image.naturalWidth > 0", arg=shown.element_handle())

    _be_reminded(visitor, installation)


def _record_in_the_stairwell(visitor: Phone, photo: Path) -> None:
    """Five visits with no signal, after a start from cold; one of them counted in taps and seconds."""
    page = visitor.page
    page.get_by_role("link", name="楼栋", exact=True).tap()
    expect(cell(page, "601")).to_be_visible()
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    visitor.context.set_offline(True)
    page.reload()
    expect(cell(page, "601")).to_be_visible()

    taps, began = page.evaluate("window.taps"), monotonic()
    met(page, "601", followup="3 天")
    taps, seconds = page.evaluate("window.taps") - taps, monotonic() - began
    print(f"a visit: {taps} taps, {seconds:.1f} s")  # noqa: T201  a figure to be read
    assert taps <= 6
    assert seconds <= 30

    met(page, "602", followup="1 周", note="冬天怕冷，想问取暖补贴")
    met(page, "501", photo=photo)
    cell(page, "502").tap()
    page.get_by_role("button", name="没人", exact=True).tap()
    expect(page.get_by_test_id("flash")).to_contain_text("没人")
    cell(page, "401").tap()
    page.get_by_role("button", name="谢绝", exact=True).tap()
    page.get_by_role("button", name="保存", exact=True).tap()
    expect(page.get_by_test_id("flash")).to_contain_text("谢绝")


def _die_and_come_back(visitor: Phone) -> None:
    """The phone dies in the next instant; started again, still without signal, everything is there."""
    visitor.keeps_session()
    visitor.kill()
    visitor.start(online=False)
    visitor.open("/building")
    page = visitor.page
    expect(page.get_by_test_id("sync-text")).to_contain_text("条待上传")
    page.get_by_test_id("sync-line").tap()
    for door in ("601", "602", "501", "502", "401"):
        expect(page.get_by_text(f"3号楼2门{door}").first).to_be_visible()


def _return_mend_approve(page: Page, desk: Page) -> None:
    """One is returned with a sentence; the visitor's phone shows it, and mends it; then it is approved."""
    desk.get_by_test_id("review-row").filter(has_text="602").get_by_role("link").tap()
    desk.get_by_role("button", name="退回", exact=True).tap()
    desk.get_by_label("请写一句话，让他知道怎么改").fill("请补上补贴的种类")
    desk.get_by_role("button", name="退回", exact=True).tap()
    expect(desk.get_by_test_id("review-detail")).to_contain_text("已退回")

    page.get_by_role("link", name="今天", exact=True).tap()
    returned = page.get_by_test_id("returned-card")
    expect(returned).to_contain_text("请补上补贴的种类")
    returned.get_by_role("link").tap()
    expect(page.get_by_test_id("mend-reason")).to_contain_text("请补上补贴的种类")
    page.get_by_label("一句话").fill("冬天怕冷，想问集中供热补贴")
    page.get_by_role("button", name="保存", exact=True).tap()
    expect(desk.get_by_test_id("review-detail")).to_contain_text("集中供热补贴")
    desk.get_by_role("button", name="通过", exact=True).tap()
    expect(desk.get_by_test_id("review-detail")).to_contain_text("已通过")
    expect(page.get_by_test_id("returned-card")).to_have_count(0)


def _be_reminded(visitor: Phone, installation: Installation) -> None:
    """The follow-up in 3 days reminds its visitor that morning: by web push into the service worker, and in the app."""
    page, keys = visitor.page, Browser()
    service = PushService()
    with serving(service):
        told = visitor.context.request.post(
            installation.url + "/api/push/subscriptions",
            data={"endpoint": service.address + "/phone", "keys": {"p256dh": keys.p256dh, "auth": _text(keys.auth)}},
            headers={"Origin": installation.url},
        )
        assert told.status == 201, told.text()
        public_key = visitor.context.request.get(installation.url + "/api/push/key").json()["key"]

        due = (datetime.now(SHANGHAI) + timedelta(days=3)).replace(hour=8, minute=30, second=0, microsecond=0)
        installation.run("scheduler", "--once", "--at", (due - timedelta(minutes=1)).isoformat())
        assert not [each for each in service.received if "followup" in keys.read(each.body)["kind"]]
        service.received.clear()
        installation.run("scheduler", "--once", "--at", due.isoformat())
        installation.run("scheduler", "--once", "--at", (due + timedelta(minutes=1)).isoformat())

    [received] = service.received
    assert received.claims(public_key)["aud"] == service.address
    message = keys.read(received.body)
    assert "王秀兰" not in json.dumps(message, ensure_ascii=False)

    cdp = visitor.cdp()
    registrations: list[dict[str, object]] = []
    cdp.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    cdp.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    assert registrations
    cdp.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": installation.url,
            "registrationId": registrations[0]["registrationId"],
            "data": json.dumps(message, ensure_ascii=False),
        },
    )
    page.wait_for_function(
        """async (title) => {
            const worker = await navigator.serviceWorker.ready
            return (await worker.getNotifications()).some((shown) => shown.title === title)
        }""",
        arg=message["title"],
    )
    page.get_by_role("link", name="今天", exact=True).tap()
    expect(page.get_by_test_id("reminder-card").first).to_be_visible()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
