"""What sends, put together from the settings."""

import os
import secrets
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from server.channels import vapid
from server.channels.messages import MessageSender
from server.channels.web_push import WebPushSender
from server.clock import Clock
from server.reminders.delivering import Deliverer
from server.reminders.models import Channel
from server.reminders.times import Times
from server.settings import Settings
from sync.store.database import Database


@contextmanager
def deliverer(database: Database, settings: Settings, clock: Clock) -> Iterator[Deliverer]:
    """Give what sends through all channels, under a name that no other process has."""
    threads = ThreadPoolExecutor(settings.messages.threads, thread_name_prefix="channel")
    try:
        yield Deliverer(
            database,
            clock,
            Times(settings.reminders),
            {
                Channel.WEB_PUSH: WebPushSender(vapid.load(settings.data), settings.push, threads),
                Channel.MESSAGE: MessageSender(settings.messages, threads),
            },
            worker=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        )
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
