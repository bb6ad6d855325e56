"""E-mail and chat robots (企业微信, 钉钉, 飞书), through apprise."""

import asyncio
import logging
from concurrent.futures import Executor
from typing import Final
from urllib.parse import quote

import apprise

from server.channels.endpoints import MAIL
from server.channels.outcome import Later, Outcome, Parcel, Refused, Sent
from server.channels.settings import MessageSettings
from server.channels.targets import Address

HEADER: Final = "X-Baijiamen-Key"

# apprise logs addresses, and with them the secrets in them: it has nothing to say that we may keep
logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False


class MessageSender:
    """Sends through apprise, in a thread of ``threads``, at most ``timeout_seconds`` long."""

    def __init__(self, settings: MessageSettings, threads: Executor) -> None:
        self._settings = settings
        self._threads = threads
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
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._send, parcel, target)
        try:
            return await asyncio.wait_for(asyncio.shield(work), self._settings.timeout_seconds)
        except TimeoutError:
            return Later("timeout")  # its thread ends by itself: apprise's sockets have time limits of their own

    def _send(self, parcel: Parcel, target: Address) -> Outcome:
        try:
            service = apprise.Apprise.instantiate(_with_key(target, parcel.key), asset=self._asset)
            if service is None:
                return Refused("unusable address")
            taken = service.notify(
                title=parcel.title,
                body=f"{parcel.body}（编号 {parcel.key[:8]}）",
                body_format=apprise.NotifyFormat.TEXT,
            )
        except Exception:  # noqa: BLE001  plugins raise what their libraries raise, with addresses in it
            return Later("not taken")
        return Sent() if taken else Later("not taken")


def _with_key(target: Address, key: str) -> str:
    """Return the address with our key as a mail header, so that a repetition can be told from a second message."""
    if target.scheme not in MAIL:
        return target.url
    return f"{target.url}{'&' if '?' in target.url else '?'}+{HEADER}={quote(key)}"
