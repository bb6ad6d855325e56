"""The true apprise against a mail server on loopback."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from server.channels.messages import MessageSender
from server.channels.outcome import Later, Parcel, Refused, Sent
from server.channels.settings import MessageSettings
from server.channels.targets import Address
from tests.server.channels.listening import MailServer

PARCEL = Parcel("K" * 32, "followup_due", "今天 1 户要回访", "点开看", "/today")


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    made = MailServer()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


@pytest.fixture
def sender() -> Iterator[MessageSender]:
    with ThreadPoolExecutor(2) as threads:
        yield MessageSender(MessageSettings(), threads)


def to(port: int) -> Address:
    url = f"mailto://127.0.0.1:{port}/resident-free@example.cn?from=robot@example.cn&mode=insecure"
    return Address("a", "visitor", "mailto", url, enabled=True, created_ms=0)


async def test_a_mail_arrives_with_its_key(mail: MailServer, sender: MessageSender) -> None:
    assert await sender.send(PARCEL, to(mail.port)) == Sent()
    (message,) = mail.messages
    assert f"X-Baijiamen-Key: {PARCEL.key}" in message
    assert "resident-free@example.cn" in message


async def test_what_the_mail_server_does_not_take_is_tried_later_and_nothing_is_logged(
    mail: MailServer, sender: MessageSender, caplog: pytest.LogCaptureFixture
) -> None:
    mail.answer = "451 not now"
    with caplog.at_level(logging.DEBUG):
        assert await sender.send(PARCEL, to(mail.port)) == Later("not taken")
    assert "example.cn" not in caplog.text


async def test_no_mail_server_is_tried_later(sender: MessageSender) -> None:
    server = await asyncio.start_server(MailServer().talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    assert await sender.send(PARCEL, to(port)) == Later("not taken")


async def test_an_address_that_is_none_is_refused(sender: MessageSender) -> None:
    broken = Address("a", "visitor", "nonsense", "nonsense://x", enabled=True, created_ms=0)
    assert await sender.send(PARCEL, broken) == Refused("unusable address")


class Tarpit:
    """A mail server that says nothing until it lets go."""

    def __init__(self) -> None:
        self.port = 0
        self.holds = asyncio.Semaphore(0)
        self.over = asyncio.Event()

    async def talk(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.holds.release()
        await self.over.wait()
        writer.close()


@pytest.fixture
async def tarpit() -> AsyncIterator[Tarpit]:
    made = Tarpit()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    made.over.set()
    server.close()
    await server.wait_closed()


async def test_what_waited_too_long_for_a_thread_is_not_sent_after_all(tarpit: Tarpit, mail: MailServer) -> None:
    with ThreadPoolExecutor(1) as threads:
        sender = MessageSender(MessageSettings(timeout_seconds=0.5), threads)
        stuck = asyncio.ensure_future(sender.send(PARCEL, to(tarpit.port)))
        await tarpit.holds.acquire()
        assert await sender.send(PARCEL, replace(to(mail.port), account="other")) == Later("timeout")
        assert await stuck == Later("timeout")
        tarpit.over.set()
        await asyncio.to_thread(threads.shutdown)
    assert mail.messages == []


async def test_one_account_does_not_hold_every_thread(tarpit: Tarpit, mail: MailServer) -> None:
    with ThreadPoolExecutor(3) as threads:
        sender = MessageSender(MessageSettings(), threads)
        stuck = [asyncio.ensure_future(sender.send(PARCEL, to(tarpit.port))) for _ in range(2)]
        for _ in stuck:
            await tarpit.holds.acquire()
        assert await sender.send(PARCEL, to(mail.port)) == Later("busy")
        assert await sender.send(PARCEL, replace(to(mail.port), account="other")) == Sent()
        tarpit.over.set()
        assert set(await asyncio.gather(*stuck)) == {Later("not taken")}
        assert await sender.send(PARCEL, to(mail.port)) == Sent()
