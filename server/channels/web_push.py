"""Web push: encrypted for the device (RFC 8291), signed by us (RFC 8292), handed to the browser's push service."""

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson
import requests
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush

from server.channels.outcome import Gone, Later, Outcome, Parcel, Refused, Sent
from server.channels.settings import PushSettings
from server.channels.targets import Subscription

TTL: Final = 24 * 3600
"""Seconds that a push service keeps a message for a phone that is off: tomorrow there is another one."""
LONGEST_WAIT: Final = 6 * 3600.0
"""Longest Retry-After that we follow, in seconds."""
_GONE: Final = frozenset({404, 410})
_LATER: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500


class WebPushSender:
    """Sends through pywebpush, in a thread of ``threads``."""

    def __init__(self, vapid: Vapid02, settings: PushSettings, threads: Executor) -> None:
        self._vapid = vapid
        self._settings = settings
        self._threads = threads

    async def send(self, parcel: Parcel, target: object) -> Outcome:
        """Send ``parcel`` to the :class:`Subscription` ``target``; never raises."""
        if not isinstance(target, Subscription):
            raise TypeError(target)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._send, parcel, target)

    def _send(self, parcel: Parcel, target: Subscription) -> Outcome:
        try:
            with _session() as session:
                webpush(
                    {"endpoint": target.endpoint, "keys": {"p256dh": target.p256dh, "auth": target.auth}},
                    data=payload(parcel),
                    vapid_private_key=self._vapid,
                    vapid_claims={"sub": self._settings.contact},
                    ttl=TTL,
                    headers={"Topic": parcel.key, "Urgency": "normal"},
                    timeout=self._settings.timeout_seconds,
                    requests_session=session,
                )
        except WebPushException as error:
            return _outcome(error)
        except requests.Timeout:
            return Later("timeout")
        except requests.TooManyRedirects:
            return Refused("redirected")
        except requests.RequestException:
            return Later("no connection")
        except Exception:  # noqa: BLE001  bad keys fail deep inside the cryptography, each in its own way
            return Refused("unusable subscription")
        return Sent()


def payload(parcel: Parcel) -> str:
    """Return the JSON that the service worker gets: no names or phones, far below the 3 kB that all services take."""
    fields: Mapping[str, Any] = {
        "key": parcel.key,
        "kind": parcel.kind,
        "title": parcel.title,
        "body": parcel.body,
        "url": parcel.url,
        "tag": parcel.key,
    }
    return orjson.dumps(fields).decode()


def _session() -> requests.Session:
    session = requests.Session()
    session.max_redirects = 0  # a push service does not redirect; somebody else's machine might, to our own
    session.auth = _as_it_is  # else a .netrc entry would replace our signature
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _outcome(error: WebPushException) -> Outcome:
    status = error.status_code
    if status is None:
        return Refused("unusable subscription")
    if status in _GONE:
        return Gone(f"status {status}")
    if status in _LATER or status >= _SERVER_ERROR:
        return Later(f"status {status}", _seconds(error.retry_after))
    return Refused(f"status {status}")


def _seconds(retry_after: str | None) -> float | None:
    """Return a Retry-After header (RFC 9110, 10.2.3: seconds or a date) as seconds from now."""
    if not retry_after:
        return None
    try:
        wait = float(retry_after) if retry_after.strip().isdigit() else _until(retry_after)
    except ValueError:
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)


def _until(moment: str) -> float:
    return parsedate_to_datetime(moment).timestamp() - time.time()  # the other side's clock is the world's, not ours
