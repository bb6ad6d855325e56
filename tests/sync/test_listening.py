"""Waiting for what another process writes, on PostgreSQL: two stores on one database know of each other by it alone."""

import asyncio
import fcntl
import resource
import socket
from collections.abc import Callable, Iterator

import pytest

from sync.access import Principal, View
from sync.errors import DatabaseMissing
from sync.store import Store, listening, notifier
from sync.store.database import Database
from tests.postgresql import Cluster

PLAIN = View("plain", "plain")
PHONE = Principal("phone")
NEVER = 1000.0
SOON = 20.0


@pytest.fixture
def stores(cluster: Cluster) -> Iterator[tuple[Store, Store]]:
    url = cluster.create()
    made = Store(Database(url)), Store(Database(url))
    made[0].database.write_now(made[0].create_tables_now)
    made[0].database.write_now(lambda c: made[0].create_now(c, "plain"))
    yield made
    for each in made:
        each.database.close()
    cluster.drop(url)


def put(store: Store, id_: str) -> None:
    store.database.write_now(lambda c: store.put_now(c, PLAIN, PHONE, id_, {}, rev=None))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():  # noqa: ASYNC110  it comes true in threads, and in the database
            await asyncio.sleep(0.01)


def ears(store: Store) -> int:
    heard = store.database.listen(store.notifier.heard)
    assert heard is not None
    return heard.times


async def test_another_process_wakes_who_waits_without_being_looked_for(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "POLL_SECONDS", NEVER)
    here, there = stores
    await until(lambda: ears(there))
    waiting = asyncio.create_task(there.changed("plain", None, 0, SOON))
    await until(lambda: there.notifier.waiting)
    await asyncio.to_thread(put, here, "x")
    assert await waiting
    waiting = asyncio.create_task(there.changed("plain", None, 1, SOON))
    await until(lambda: there.notifier.waiting)
    await asyncio.to_thread(here.database.write_now, lambda c: here.delete_now(c, "plain"))
    with pytest.raises(DatabaseMissing):
        await waiting


async def test_a_listening_connection_that_breaks_is_made_up_for_and_made_anew(
    stores: tuple[Store, Store], cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(listening, "RETRY_SECONDS", NEVER)
    here, there = stores
    await until(lambda: ears(there))
    with cluster.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    await until(lambda: not ears(there))
    waiting = asyncio.create_task(there.changed("plain", None, 0, SOON))
    await until(lambda: there.notifier.waiting)
    await asyncio.to_thread(put, here, "x")
    assert await waiting


async def test_listening_begins_again_after_a_break(
    stores: tuple[Store, Store], cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "RETRY_SECONDS", 0.01)
    _, there = stores
    await until(lambda: ears(there) == 1)
    with cluster.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    await until(lambda: ears(there) == 2)


def test_a_connection_that_the_server_closed_is_replaced_before_it_is_used(
    stores: tuple[Store, Store], cluster: Cluster
) -> None:
    here, _ = stores
    put(here, "x")
    here.database.read_now(here.names_now)
    with cluster.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname LIKE 'test%' AND pid <> pg_backend_pid()"
        )
    put(here, "y")
    assert here.database.read_now(here.names_now) == ["plain"]


async def test_more_news_than_an_announcement_holds_wakes_all_and_ends_nothing(stores: tuple[Store, Store]) -> None:
    many = {("areas", f"area-{n}"): n for n in range(1000)}
    assert notifier.announcement(many) == "[]"
    waiting = asyncio.create_task(stores[0].changed("plain", None, 0, SOON))
    await until(lambda: stores[0].notifier.waiting)
    stores[0].notifier.heard("[]")
    assert await waiting
    assert notifier.announcement({("areas", "a"): 7}) == '[["areas","a",7]]'


def test_sockets_with_great_numbers_are_waited_for() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2048)), hard))
    near, far = socket.socketpair()
    with near, far, socket.socket(fileno=fcntl.fcntl(near, fcntl.F_DUPFD, 1500)) as great:
        assert great.fileno() >= 1500
        assert not listening.ready(0, great.fileno())
        far.send(b"x")
        assert listening.ready(0, great.fileno())
