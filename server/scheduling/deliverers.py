"""What sends, put together from the settings."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from py_vapid import Vapid02

from server.channels import vapid
from server.channels.outcome import Outcome, Parcel, Sender
from server.clock import Clock
from server.reminders.delivering import Deliverer
from server.reminders.models import Channel
from server.reminders.times import Times
from server.settings import Settings
from sync.store.database import Database


class WhenNeeded:
    """A sender that ``make`` makes when there is something to send for the first time.

    The libraries that send bring HTTP clients of their own: as much as a fifth of the time that a start takes.
    """

    def __init__(self, make: Callable[[], Sender]) -> None:
        self._make = make
        self._made: Sender | None = None
        self._one_makes = asyncio.Lock()

    async def send(self, parcel: Parcel, target: object) -> Outcome:
        """Send as the sender does that is made now, or was."""
        async with self._one_makes:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
        return await self._made.send(parcel, target)


@contextmanager
def deliverer(database: Database, settings: Settings, clock: Clock) -> Iterator[Deliverer]:
    """Give what sends through all channels, under a name that no other process has."""
    keys = vapid.load(settings.data)
    pushing = ThreadPoolExecutor(settings.messages.threads, thread_name_prefix="web-push")
    writing = ThreadPoolExecutor(settings.messages.threads, thread_name_prefix="message")
    try:
        yield Deliverer(
            database,
            clock,
            Times(settings.reminders),
            {
                Channel.WEB_PUSH: WhenNeeded(lambda: _web_push(settings, keys, pushing)),
                Channel.MESSAGE: WhenNeeded(lambda: _messages(settings, writing)),
            },
            worker=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        )
    finally:
        for threads in (pushing, writing):
            threads.shutdown(wait=False, cancel_futures=True)


def _web_push(settings: Settings, keys: Vapid02, threads: Executor) -> Sender:
    from server.channels.web_push import WebPushSender  # noqa: PLC0415  see WhenNeeded

    return WebPushSender(keys, settings.push, threads)


def _messages(settings: Settings, threads: Executor) -> Sender:
    from server.channels.messages import MessageSender  # noqa: PLC0415  see WhenNeeded

    return MessageSender(settings.messages, threads)
