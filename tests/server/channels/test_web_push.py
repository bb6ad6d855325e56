"""The true pywebpush against a push service on loopback that verifies and decrypts as the real ones and browsers do."""

import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path

import pytest

from server.channels import vapid
from server.channels.outcome import Gone, Later, Outcome, Parcel, Refused, Sent
from server.channels.settings import PushSettings
from server.channels.targets import Subscription
from server.channels.web_push import WebPushSender
from server.reminders.models import key_of
from tests.server.channels.listening import Answer, Browser, PushService, serving, text

PARCEL = Parcel(key_of("followup:1", "visitor"), "followup_due", "今天 1 户要回访", "点开看", "/today")
SETTINGS = PushSettings(contact="mailto:admin@baijiamen.test", timeout_seconds=0.5)


@pytest.fixture
def service() -> Iterator[PushService]:
    made = PushService()
    with serving(made):
        yield made


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


@pytest.fixture
def sender(tmp_path: Path, threads: ThreadPoolExecutor) -> WebPushSender:
    return WebPushSender(vapid.load(tmp_path), SETTINGS, threads)


def device(service: PushService, browser: Browser) -> Subscription:
    return Subscription("s", "visitor", f"{service.address}/send/abc", browser.p256dh, text(browser.auth))


async def test_what_arrives_is_signed_by_us_and_only_the_device_can_read_it(
    service: PushService, browser: Browser, sender: WebPushSender, tmp_path: Path
) -> None:
    assert await sender.send(PARCEL, device(service, browser)) == Sent()
    (received,) = service.received
    claims = received.claims(vapid.public_key(vapid.load(tmp_path)))
    assert (claims["aud"], claims["sub"]) == (service.address, "mailto:admin@baijiamen.test")
    assert time.time() < claims["exp"] <= time.time() + 24 * 3600
    assert browser.read(received.body) == {
        "key": PARCEL.key,
        "kind": "followup_due",
        "title": "今天 1 户要回访",
        "body": "点开看",
        "url": "/today",
        "tag": PARCEL.key,
    }
    assert received.headers["topic"] == PARCEL.key
    assert len(PARCEL.key) == 32
    assert received.headers["urgency"] == "normal"
    assert received.headers["ttl"] == "86400"
    assert received.headers["content-encoding"] == "aes128gcm"
    assert len(received.body) < 3000


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (404, {}, Gone("status 404")),
        (410, {}, Gone("status 410")),
        (429, {"Retry-After": "120"}, Later("status 429", 120)),
        (429, {"Retry-After": "999999"}, Later("status 429", 6 * 3600)),
        (503, {"Retry-After": "tomorrow"}, Later("status 503")),
        (500, {}, Later("status 500")),
        (400, {}, Refused("status 400")),
        (413, {}, Refused("status 413")),
        (307, {"Location": "/elsewhere"}, Refused("redirected")),
    ],
)
async def test_what_the_service_says_decides(
    service: PushService,
    browser: Browser,
    sender: WebPushSender,
    status: int,
    headers: dict[str, str],
    expected: Outcome,
) -> None:
    answer: Answer = lambda _received: (status, headers)  # noqa: E731
    service.answer = answer
    assert await sender.send(PARCEL, device(service, browser)) == expected
    assert len(service.received) == 1


async def test_a_retry_after_may_be_a_date(service: PushService, browser: Browser, sender: WebPushSender) -> None:
    service.answer = lambda _received: (503, {"Retry-After": formatdate(time.time() + 300, usegmt=True)})
    outcome = await sender.send(PARCEL, device(service, browser))
    assert isinstance(outcome, Later)
    assert outcome.retry_after == pytest.approx(300, abs=10)


async def test_a_service_that_does_not_answer_is_tried_later(browser: Browser, sender: WebPushSender) -> None:
    silent = PushService()  # accepts connections and never serves them
    assert await sender.send(PARCEL, device(silent, browser)) == Later("timeout")
    silent.server_close()
    assert await sender.send(PARCEL, device(silent, browser)) == Later("no connection")


async def test_keys_that_are_none_are_refused_without_a_call(service: PushService, sender: WebPushSender) -> None:
    broken = Subscription("s", "visitor", f"{service.address}/x", "AAAA", "AAAA")
    assert await sender.send(PARCEL, broken) == Refused("unusable subscription")
    assert service.received == []


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as many:
        keys = {vapid.public_key(each) for each in many.map(lambda _n: vapid.load(tmp_path), range(8))}
    assert len(keys) == 1
    file = tmp_path / vapid.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
