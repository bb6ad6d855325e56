"""Change feeds over HTTP: nothing is skipped, nobody waits longer than promised, and nothing is left behind."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from tests.protocol.conftest import LIMITS
from tests.protocol.serve import Running


def client(server: Running) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.url, auth=("admin", "pass"), timeout=30)


async def until_waiting(server: Running, count: int) -> None:
    """Wait until ``count`` requests wait for changes."""
    async with asyncio.timeout(10):
        while server.store.notifier.waiting != count:  # noqa: ASYNC110  the server is in another thread
            await asyncio.sleep(0.01)


async def test_a_long_poll_answers_as_soon_as_there_is_something(server: Running, db: str) -> None:
    async with client(server) as http:
        poll = asyncio.ensure_future(http.get(db + "/_changes?feed=longpoll&since=0&heartbeat=10000"))
        await until_waiting(server, 1)
        await http.put(db + "/x", json={})
        told = (await poll).json()
        assert [row["id"] for row in told["results"]] == ["x"]
        again = await http.get(db + "/_changes?feed=longpoll&since=0")
        assert again.json() == told
        assert told["last_seq"] == "1"
    await until_waiting(server, 0)


async def test_a_long_poll_ends_by_itself_with_nothing(server: Running, db: str) -> None:
    async with client(server) as http:
        begun = time.monotonic()
        told = await http.get(db + "/_changes?feed=longpoll&since=now&timeout=200")
        assert told.json() == {"results": [], "last_seq": "0", "pending": 0}
        assert time.monotonic() - begun < 1.9
        told = await http.get(db + "/_changes?feed=longpoll&since=now&heartbeat=1000")
        assert told.json() == {"results": [], "last_seq": "0", "pending": 0}
        assert told.text.count("\n\n") >= 1
        assert time.monotonic() - begun < 2 * LIMITS.poll_seconds + 1


async def test_a_continuous_feed_shows_each_change_in_order_and_ends_when_idle(server: Running, db: str) -> None:
    async with client(server) as http:
        seen: list[dict[str, Any]] = []

        async def follow() -> None:
            async with http.stream("GET", db + "/_changes?feed=continuous&timeout=1000&include_docs=true") as answer:
                seen.extend([json.loads(line) async for line in answer.aiter_lines() if line])

        task = asyncio.ensure_future(follow())
        await until_waiting(server, 1)
        writes = [http.put(f"{db}/{n}", json={"n": n}) for n in range(30)]
        assert {answer.status_code for answer in await asyncio.gather(*writes)} == {201}
        await task
        assert [int(line["seq"]) for line in seen[:-1]] == list(range(1, 31))
        assert {line["doc"]["n"] for line in seen[:-1]} == set(range(30))
        assert seen[-1] == {"last_seq": "30", "pending": 0}


async def test_a_document_with_line_breaks_is_one_line_of_a_feed(server: Running, db: str) -> None:
    async with client(server) as http:
        await http.put(db + "/x", content='{"a":\r\n[1,\n2], "b": 1}')
        lines = (await http.get(db + "/_changes?feed=continuous&timeout=0&include_docs=true")).text.split("\n")
        assert json.loads(lines[0])["doc"]["a"] == [1, 2]
        assert (await http.get(db + "/x")).text.endswith('"a":[1, 2],"b":1}\n')


async def test_a_limit_ends_a_continuous_feed(server: Running, db: str) -> None:
    async with client(server) as http:
        for n in range(3):
            await http.put(f"{db}/{n}", json={})
        lines = (await http.get(db + "/_changes?feed=continuous&limit=2")).text.split("\n")
        assert [json.loads(line).get("seq") for line in lines if line] == ["1", "2", None]


async def test_events_carry_the_sequence_and_go_on_after_the_last(server: Running, db: str) -> None:
    async with client(server) as http:
        for id_ in "ab":
            await http.put(f"{db}/{id_}", json={})
        answer = await http.get(
            db + "/_changes?feed=eventsource&timeout=100", headers={"last-event-id": "1", "accept": "text/event-stream"}
        )
        assert answer.headers["content-type"] == "text/event-stream"
        data, id_, *_ = answer.text.split("\n")
        assert (json.loads(data.removeprefix("data: "))["id"], id_) == ("b", "id: 2")


async def test_a_client_that_hangs_up_leaves_nothing(server: Running, db: str) -> None:
    async with client(server) as http:
        async with http.stream("GET", db + "/_changes?feed=continuous&heartbeat=1000") as answer:
            assert answer.status_code == 200
            await until_waiting(server, 1)
        await until_waiting(server, 0)


async def test_feeds_are_bounded_and_say_when_to_come_again(server: Running, db: str) -> None:
    async with client(server) as http:
        polls = [asyncio.ensure_future(http.get(db + "/_changes?feed=longpoll&since=now")) for _ in range(LIMITS.feeds)]
        await until_waiting(server, LIMITS.feeds)
        busy = await http.get(db + "/_changes?feed=longpoll&since=now")
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
        assert busy.json()["error"] == "service_unavailable"
        assert (await http.get(db + "/_changes")).status_code == 200
        await http.put(db + "/x", json={})
        assert {(await poll).json()["last_seq"] for poll in polls} == {"1"}
        assert (await http.get(db + "/_changes?feed=longpoll&since=0")).status_code == 200


@pytest.mark.parametrize("made_again", [False, True])
async def test_a_deleted_database_ends_its_feeds(server: Running, db: str, *, made_again: bool) -> None:
    async with client(server) as http:
        await http.put(db + "/x", json={})
        shapes = ("longpoll", "continuous", "eventsource")
        polls = [
            asyncio.ensure_future(http.get(f"{db}/_changes?feed={shape}&since=now&heartbeat=60000")) for shape in shapes
        ]
        await until_waiting(server, len(shapes))
        store = server.store

        def end(connection: Connection) -> None:
            store.delete_now(connection, db[1:])
            if made_again:
                store.create_now(connection, db[1:])

        store.database.write_now(end)
        async with asyncio.timeout(1.5):
            long, continuous, events = [await poll for poll in polls]
    assert long.json() == {"results": [], "last_seq": "1", "pending": 0}
    assert continuous.json() == {"last_seq": "1", "pending": 0}
    assert events.text == ""
    await until_waiting(server, 0)


@pytest.mark.parametrize("shape", ["normal", "longpoll", "continuous", "eventsource"])
def test_a_feed_of_what_is_not_there_is_refused(http: httpx.Client, shape: str) -> None:
    answer = http.get(f"/nothing/_changes?feed={shape}")
    assert (answer.status_code, answer.json()["reason"]) == (404, "Database does not exist.")


def test_what_may_be_asked(http: httpx.Client, db: str) -> None:
    for n in range(3):
        http.put(f"{db}/{n}", json={})

    def ids(query: str, **post: Any) -> list[str]:
        answer = http.post(db + "/_changes" + query, json=post) if post else http.get(db + "/_changes" + query)
        return [row["id"] for row in answer.json()["results"]]

    assert ids("") == ids("?since=0") == ["0", "1", "2"]
    assert ids("?since=1") == ids('?since="1"') == ids("?since=1-g1AAAA") == ["1", "2"]
    assert ids("?since=now") == ids("?since=99") == []
    assert ids("?descending=true&limit=2") == ["2", "1"]
    assert ids("?filter=_doc_ids", doc_ids=["2", "nix"]) == ids('?filter=_doc_ids&doc_ids=["2"]') == ["2"]
    pending = http.get(db + "/_changes?limit=1").json()
    assert (pending["last_seq"], pending["pending"]) == ("1", 2)
    assert http.get(db + "/_changes?limit=0").json() == {"results": [], "last_seq": "0", "pending": 3}
    for bad in (
        "?since=x",
        "?limit=x",
        "?feed=x",
        "?style=x",
        "?feed=longpoll&heartbeat=x",
        "?filter=_doc_ids&doc_ids=1",
    ):
        assert http.get(db + "/_changes" + bad).status_code == 400
