"""How people say where they want to be reached."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from server.clock import FixedClock
from server.settings import Settings
from tests.server.channels.listening import Browser, PushService, plain, serving, text

ROBOT = "wecombot://693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"


@pytest.fixture
def service() -> Iterator[PushService]:
    made = PushService()
    with serving(made):
        yield made


@pytest.fixture
def loopback(settings: Settings) -> None:
    settings.push.allow_loopback = True


def subscription(service: PushService, browser: Browser, path: str = "abc") -> dict[str, object]:
    keys = {"p256dh": browser.p256dh, "auth": text(browser.auth)}
    return {"endpoint": f"{service.address}/{path}", "expirationTime": None, "keys": keys}


@pytest.mark.usefixtures("loopback")
async def test_a_device_subscribes_is_tried_and_unsubscribes(visitor: httpx.AsyncClient, service: PushService) -> None:
    browser = Browser()
    key = (await visitor.get("/api/push/key")).json()["key"]
    assert len(plain(key)) == 65
    for _ in range(2):
        assert (await visitor.post("/api/push/subscriptions", json=subscription(service, browser))).status_code == 201
    assert (await visitor.get("/api/channels")).json()["web_push"] == {"enabled": True, "devices": 1}
    assert (await visitor.post("/api/push/test")).json() == {"sent": 1, "gone": 0, "failed": 0}
    (received,) = service.received
    received.claims(key)
    assert browser.read(received.body)["title"] == "百家门：通知已开通"
    gone = {"endpoint": f"{service.address}/abc"}
    assert (await visitor.request("DELETE", "/api/push/subscriptions", json=gone)).status_code == 204
    assert (await visitor.post("/api/push/test")).json() == {"sent": 0, "gone": 0, "failed": 0}


@pytest.mark.usefixtures("loopback")
async def test_a_device_that_is_gone_is_forgotten_by_the_test(visitor: httpx.AsyncClient, service: PushService) -> None:
    await visitor.post("/api/push/subscriptions", json=subscription(service, Browser()))
    service.answer = lambda _received: (410, {})
    assert (await visitor.post("/api/push/test")).json() == {"sent": 0, "gone": 1, "failed": 0}
    assert (await visitor.get("/api/channels")).json()["web_push"]["devices"] == 0


@pytest.mark.usefixtures("loopback")
async def test_a_device_belongs_to_who_logged_in_last_and_others_cannot_remove_it(
    visitor: httpx.AsyncClient, other: httpx.AsyncClient, service: PushService
) -> None:
    shared = subscription(service, Browser())
    await visitor.post("/api/push/subscriptions", json=shared)
    await other.post("/api/push/subscriptions", json=shared)
    await visitor.request("DELETE", "/api/push/subscriptions", json={"endpoint": shared["endpoint"]})
    assert (await visitor.get("/api/channels")).json()["web_push"]["devices"] == 0
    assert (await other.get("/api/channels")).json()["web_push"]["devices"] == 1


@pytest.mark.usefixtures("loopback")
async def test_of_many_devices_the_oldest_go(visitor: httpx.AsyncClient, service: PushService) -> None:
    for number in range(12):
        await visitor.post("/api/push/subscriptions", json=subscription(service, Browser(), str(number)))
    assert (await visitor.get("/api/channels")).json()["web_push"]["devices"] == 10


async def test_loopback_is_refused_by_default(visitor: httpx.AsyncClient, service: PushService) -> None:
    answer = await visitor.post("/api/push/subscriptions", json=subscription(service, Browser()))
    assert answer.status_code in {400, 422}
    assert answer.json()["errors"][0]["field"] == "endpoint"


async def test_web_push_is_switched_off_and_on(visitor: httpx.AsyncClient) -> None:
    for wanted in (False, True):
        answer = await visitor.patch("/api/channels", json={"web_push": wanted})
        assert answer.json()["web_push"]["enabled"] is wanted


async def test_an_address_is_kept_and_never_shown_in_full(visitor: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    answer = await visitor.post("/api/channels/addresses", json={"url": ROBOT})
    assert answer.status_code == 201
    made = answer.json()
    assert made["shown"] == "企业微信机器人（尾号 5aaa）"
    assert "7aoc" not in answer.text + (await visitor.get("/api/channels")).text
    here = f"/api/channels/addresses/{made['id']}"
    for refused in (
        await other.patch(here, json={"enabled": False}),
        await other.delete(here),
        await other.post(f"{here}/test"),
    ):
        assert refused.status_code == 404
    assert (await visitor.patch(here, json={"enabled": False})).status_code == 204
    assert (await visitor.get("/api/channels")).json()["addresses"][0]["enabled"] is False
    assert (await visitor.delete(here)).status_code == 204
    assert (await visitor.get("/api/channels")).json()["addresses"] == []


async def test_what_is_not_allowed_is_refused_with_a_reason(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.post("/api/channels/addresses", json={"url": "json://127.0.0.1/secret"})
    assert answer.status_code in {400, 422}
    assert answer.json()["errors"][0]["field"] == "url"
    assert "secret" not in answer.text


async def test_there_is_an_end_to_addresses(visitor: httpx.AsyncClient) -> None:
    codes = [(await visitor.post("/api/channels/addresses", json={"url": ROBOT})).status_code for _ in range(6)]
    assert codes == [201] * 5 + [409]


@pytest.mark.usefixtures("loopback")
async def test_there_is_an_end_to_test_messages(
    visitor: httpx.AsyncClient, other: httpx.AsyncClient, service: PushService, clock: FixedClock
) -> None:
    await visitor.post("/api/push/subscriptions", json=subscription(service, Browser()))
    made = (await visitor.post("/api/channels/addresses", json={"url": ROBOT})).json()
    for _ in range(5):
        assert (await visitor.post("/api/push/test")).status_code == 200
    for path in ("/api/push/test", f"/api/channels/addresses/{made['id']}/test"):
        refused = await visitor.post(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
        assert "请等" in refused.json()["detail"]
    assert len(service.received) == 5
    assert (await other.post("/api/push/test")).status_code == 200
    clock.advance(timedelta(minutes=10))
    assert (await visitor.post("/api/push/test")).json()["sent"] == 1
