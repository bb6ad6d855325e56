"""E-mail and chat robots (企业微信, 钉钉, 飞书), through apprise."""

import asyncio
import contextlib
import logging
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, Final
from urllib.parse import quote

import apprise

from server.channels.endpoints import MAIL
from server.channels.outcome import Later, Outcome, Parcel, Refused, Sent
from server.channels.settings import MessageSettings
from server.channels.targets import Address

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it asks for imghdr, for a library we do not have
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.email import NotifyEmail
    from apprise.plugins.feishu import NotifyFeishu
    from apprise.plugins.lark import NotifyLark
    from apprise.plugins.wecombot import NotifyWeComBot

HEADER: Final = "X-Baijiamen-Key"
PLUGINS: Final[Mapping[str, Any]] = {
    "dingtalk": NotifyDingTalk,
    "feishu": NotifyFeishu,
    "lark": NotifyLark,
    "mailto": NotifyEmail,
    "mailtos": NotifyEmail,
    "wecombot": NotifyWeComBot,
}
"""The plugins that we use, by scheme. No other is ever loaded: of the 130 some open files, or any address there is."""

# apprise logs addresses, and with them the secrets in them: it has nothing to say that we may keep
logging.getLogger("apprise").addFilter(lambda _record: False)


class MessageSender:
    """Sends through apprise, in a thread of ``threads``, at most ``timeout_seconds`` long.

    A thread cannot be ended: a mail server that never comes to an end keeps it. So one account has a few at a time.
    """

    def __init__(self, settings: MessageSettings, threads: Executor) -> None:
        self._settings = settings
        self._threads = threads
        self._under_way: Final[Counter[str]] = Counter()
        self._asset: Final = apprise.AppriseAsset(
            app_id="baijiamen",
            app_desc="百家门",
            async_mode=False,
            secure_logging=True,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
        )

    async def send(self, parcel: Parcel, target: object) -> Outcome:
        """Send ``parcel`` to the :class:`Address` ``target``; never raises."""
        if not isinstance(target, Address):
            raise TypeError(target)
        if self._under_way[target.account] >= self._settings.threads_each:
            return Later("busy")
        work = self._threads.submit(self._send, parcel, target)
        self._under_way[target.account] += 1
        loop = asyncio.get_running_loop()
        work.add_done_callback(lambda _: _in(loop, self._ended, target.account))
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(work)), self._settings.timeout_seconds)
        except TimeoutError:
            work.cancel()  # one that had to wait for a thread must not go out after all: it is sent again
            return Later("timeout")

    def _ended(self, account: str) -> None:
        self._under_way[account] -= 1
        if not self._under_way[account]:
            del self._under_way[account]

    def _send(self, parcel: Parcel, target: Address) -> Outcome:
        try:
            plugin = PLUGINS.get(target.scheme)
            facts = plugin.parse_url(_with_key(target, parcel.key)) if plugin else None
            if plugin is None or not facts:
                return Refused("unusable address")
            taken = plugin(**facts, asset=self._asset).notify(
                title=parcel.title,
                body=f"{parcel.body}（编号 {parcel.key[:8]}）",
                body_format=apprise.NotifyFormat.TEXT,
            )
        except Exception:  # noqa: BLE001  plugins raise what their libraries raise, with addresses in it
            return Later("not taken")
        return Sent() if taken else Later("not taken")


def _in(loop: asyncio.AbstractEventLoop, work: Callable[[str], None], account: str) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody sends any more
        loop.call_soon_threadsafe(work, account)


def _with_key(target: Address, key: str) -> str:
    """Return the address with our key as a mail header, so that a repetition can be told from a second message."""
    if target.scheme not in MAIL:
        return target.url
    return f"{target.url}{'&' if '?' in target.url else '?'}+{HEADER}={quote(key)}"
