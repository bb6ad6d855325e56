import asyncio
import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from sync.store.database import Database, after_commit


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'd.db'}")
    database.write_now(lambda c: c.execute(text("create table t(x integer primary key)")))
    yield database
    database.close()


def _insert(x: int) -> object:
    return lambda c: c.execute(text("insert into t values(:x)"), {"x": x}).rowcount


def _count(c: Connection) -> int:
    return int(c.execute(text("select count(*) from t")).scalar_one())


async def test_one_failing_write_undoes_only_itself(database: Database) -> None:
    told: list[int] = []

    def write(x: int, *, fail: bool) -> None:
        def job(c: Connection) -> None:
            c.execute(text("insert into t values(:x)"), {"x": x})
            after_commit(c, lambda: told.append(x))
            if fail:
                raise LookupError(x)

        return job

    results = await asyncio.gather(
        *(database.write(write(x, fail=x % 3 == 0)) for x in range(100)), return_exceptions=True
    )
    assert [isinstance(r, LookupError) for r in results] == [x % 3 == 0 for x in range(100)]
    assert sorted(told) == [x for x in range(100) if x % 3]
    assert await database.read(_count) == 66


async def test_a_cancelled_caller_does_not_undo_a_begun_write(database: Database) -> None:
    task = asyncio.ensure_future(database.write(_insert(1)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await database.write(_insert(2))
    assert await database.read(_count) == 2


async def test_what_fails_for_a_caller_who_has_gone_is_told_to_nobody(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Connection) -> None:
        raise LookupError("words about somebody")

    task = asyncio.ensure_future(database.write(fail))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await database.write(_insert(1))
    gc.collect()
    assert "somebody" not in caplog.text


def test_close_finishes_what_was_queued_and_then_refuses(tmp_path: Path, database: Database) -> None:
    futures = [database._submit(_insert(x)) for x in range(200)]
    database.close()
    assert all(f.result() == 1 for f in futures)
    with pytest.raises(RuntimeError, match="closed"):
        database.write_now(_count)
    again = Database(f"sqlite:///{tmp_path / 'd.db'}")
    assert again.read_now(_count) == 200
    again.close()


async def test_nobody_is_told_stored_when_a_full_disk_undid_the_group(database: Database) -> None:
    database.write_now(lambda c: c.execute(text("pragma max_page_count = 40")))
    go = threading.Event()

    def flood(c: Connection) -> None:
        c.execute(text("create table big(b blob)"))
        c.execute(text("insert into big values(zeroblob(4000000))"))

    jobs = [lambda _: go.wait(), _insert(1), flood, _insert(2)]
    writes = [asyncio.ensure_future(database.write(job)) for job in jobs]
    await asyncio.sleep(0)  # all are queued behind the first
    go.set()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    stored = {x for x, outcome in ((1, outcomes[1]), (2, outcomes[3])) if not isinstance(outcome, Exception)}
    assert isinstance(outcomes[2], Exception)
    assert stored <= set(await database.read(lambda c: c.execute(text("select x from t")).scalars().all()))
    await database.write(_insert(3))
    assert await database.read(_count) == len(stored) + 1


async def test_a_failing_callback_does_not_end_the_writer(database: Database) -> None:
    told: list[int] = []

    def job(c: Connection) -> int:
        after_commit(c, lambda: told.remove(1))
        return 1

    assert await database.write(job) == 1
    assert await database.write(_insert(1)) == 1
