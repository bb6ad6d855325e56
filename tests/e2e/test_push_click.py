"""What a push shows, and where a tap on it leads."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stairwell
from tests.e2e.phone import Phone

pytestmark = pytest.mark.browser

SHOWN = (
    "navigator.serviceWorker.ready.then(r => r.getNotifications()).then(all => all.map(n => [n.tag, n.title, n.body]))"
)
# A tap on a notification is the system's: no protocol makes one, and only a true one may bring a window to the front.
# So the worker's own listener is called with the notification that is shown, and the window says that it came.
CLICK = """
async () => {
  const [notification] = await self.registration.getNotifications()
  WindowClient.prototype.focus = async function () { return this }
  const done = []
  const event = new NotificationEvent('notificationclick', { notification })
  Object.defineProperty(event, 'waitUntil', { value: (work) => done.push(work) })
  self.dispatchEvent(event)
  await Promise.all(done)
}
"""


def _deliver(phone: Phone, message: dict[str, str]) -> None:
    cdp = phone.cdp()
    registrations: list[dict[str, object]] = []
    cdp.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    cdp.send("ServiceWorker.enable")
    for _ in range(100):  # the protocol tells what there is in events, which arrive between other answers
        if registrations:
            break
        phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    assert registrations
    cdp.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": phone.url,
            "registrationId": registrations[0]["registrationId"],
            "data": json.dumps(message, ensure_ascii=False),
        },
    )
    cdp.detach()


def test_one_matter_is_one_notification_and_a_tap_opens_its_page(
    stairwell: Stairwell, phones: Callable[..., Phone]
) -> None:
    phone = phones(stairwell.url, stairwell.visitor)
    page = phone.page
    message = {"key": "digest-1", "kind": "digest", "title": "今天要回访", "body": "有 1 户今天要回访", "url": "/today"}
    # Also in the stairwell, where the page has no network: the push came a moment before.
    phone.context.set_offline(True)
    _deliver(phone, message)
    page.wait_for_function(f"{SHOWN}.then(all => all.length === 1)")
    _deliver(phone, message | {"body": "有 2 户今天要回访"})
    page.wait_for_function(f"{SHOWN}.then(all => all.length === 1 && all[0][2] === '有 2 户今天要回访')")
    _deliver(phone, message | {"key": "returned-1", "title": "有一条走访被退回", "url": "/today"})
    page.wait_for_function(f"{SHOWN}.then(all => all.length === 2)")
    assert sorted(tag for tag, _, _ in page.evaluate(SHOWN)) == ["digest-1", "returned-1"]

    [worker] = phone.context.service_workers
    worker.evaluate(CLICK)
    page.wait_for_url("**/today")
    expect(page.get_by_role("heading", name="今天", exact=True)).to_be_visible()
    page.wait_for_function(f"{SHOWN}.then(all => all.length === 1)")


def test_a_push_that_cannot_be_read_still_says_something(stairwell: Stairwell, phones: Callable[..., Phone]) -> None:
    phone = phones(stairwell.url, stairwell.visitor)
    _deliver(phone, {})
    phone.page.wait_for_function(f"{SHOWN}.then(all => all.length === 1 && all[0][2].includes('有新的提醒'))")
