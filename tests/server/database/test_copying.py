"""A whole installation moves from SQLite to PostgreSQL and back, and nothing but the whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection, insert, select, update

from server.areas import repository as areas
from server.areas.models import Area, AreaKind
from server.cli import main
from server.clock import SystemClock
from server.database import copying, migrate
from server.scheduling.tables import lease
from sync.access import Principal, View
from sync.documents import Draft, Inline, Upload
from sync.store import Store
from sync.store.database import Database
from sync.store.tables import databases
from tests.postgresql import Cluster

PHONE = Principal("phone")
PLAIN, ONE = View("plain", "plain"), View("area-one", "areas", "one")


@pytest.fixture
def lite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'a.db'}"


@pytest.fixture
def back(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'b.db'}"


@pytest.fixture
def pg(cluster: Cluster) -> Iterator[str]:
    made = cluster.create()
    yield made
    cluster.drop(made)


def fill(url: str) -> None:
    """Put in what is hard to carry: conflicts, tombstones, attachments, gaps in numbers, a tree of areas, booleans."""
    migrate.upgrade(url)
    database = Database(url)
    store = Store(database)

    def job(c: Connection) -> None:
        for name in ("areas", "plain", "gone"):
            store.create_now(c, name)
        store.delete_now(c, "gone")  # its number, the highest, must not be given again
        drafts = [Draft(f"d{n}", None, deleted=False, body=b'{"n":1}', parsed={"n": 1}) for n in range(1200)]
        store.write_now(c, PLAIN, PHONE, drafts, new_edits=True)
        store.write_now(
            c,
            PLAIN,
            PHONE,
            [Draft("d1", "1-x", deleted=False, body=b"{}", parsed={}, path=(1, ["x"]))],
            new_edits=False,
        )
        rev = store.put_now(c, PLAIN, PHONE, "汉字\u2028", {"大": 12345678901234567890}, rev=None)
        store.put_now(c, PLAIN, PHONE, "汉字\u2028", {}, rev=rev, deleted=True)
        store.attach_now(c, PLAIN, PHONE, "with", "a.bin", Upload("x/y", Inline(bytes(range(256)) * 999)), rev=None)
        store.put_now(c, ONE, PHONE, "visit:1", {"area": "one"}, rev=None)
        store.put_local_now(c, ONE, PHONE, "checkpoint", None, b"{}")
        areas.add(c, [Area("z", None, AreaKind.DISTRICT, "区", ("z",))])
        areas.add(c, [Area("a", "z", AreaKind.DOOR, "门", ("z", "a"))])

    try:
        database.write_now(job)
    finally:
        database.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["store", "copy", *words], catch_exceptions=False)


def contents(url: str) -> dict[str, copying.Digest]:
    database = Database(url)
    try:
        return database.read_now(lambda c: {each.name: copying._digest(c, each) for each in copying._tables()})
    finally:
        database.close()


def test_there_and_back_again_everything_is_the_same(lite: str, pg: str, back: str) -> None:
    fill(lite)
    there, again = run(lite, pg), run(pg, back)
    assert (there.exit_code, again.exit_code) == (0, 0), there.output + again.output
    assert contents(lite) == contents(pg) == contents(back)
    assert "库 plain：1201 条记录" in there.output
    for url in (pg, back):
        database = Database(url)
        store = Store(database)
        assert database.read_now(lambda c, s=store: s.leaves_now(c, "plain", "d1"))[1:]
        attachment = database.read_now(
            lambda c, s=store: b"".join(s.attachment_now(c, "plain", "with", "a.bin").chunks)  # type: ignore[union-attr]
        )
        assert attachment == bytes(range(256)) * 999
        database.write_now(lambda c, s=store: s.create_now(c, "new"))
        assert database.read_now(lambda c: c.scalar(select(databases.c.n).where(databases.c.name == "new"))) == 4
        database.write_now(lambda c, s=store: s.put_now(c, View("area-two", "areas", "two"), PHONE, "v", {}, rev=None))
        database.close()


def test_a_target_that_holds_anything_is_left_alone(lite: str, pg: str) -> None:
    fill(lite)
    fill(pg)
    before = contents(pg)
    refused = run(lite, pg)
    assert refused.exit_code == 1
    assert "目标里已经有数据" in refused.output
    assert contents(pg) == before


@pytest.mark.parametrize("to", ["postgresql", "sqlite"])
def test_a_copy_that_fails_leaves_the_target_empty(
    lite: str, back: str, pg: str, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lite)
    target = pg if to == "postgresql" else back
    right = copying._digest
    monkeypatch.setattr(copying, "_digest", lambda c, table: right(c, table).add(()))
    refused = run(lite, target)
    assert (refused.exit_code, "核对不符" in refused.output) == (1, True)
    monkeypatch.undo()
    assert not any(digest.rows for digest in contents(target).values())
    assert run(lite, target).exit_code == 0


def test_a_copy_that_is_interrupted_leaves_the_target_empty(lite: str, pg: str) -> None:
    fill(lite)

    def interrupt(line: str) -> None:
        if line.startswith("sync_body"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.copy_installation(lite, pg, SystemClock(), interrupt)
    assert not any(digest.rows for digest in contents(pg).values())


def test_a_source_whose_service_runs_is_refused(lite: str, pg: str) -> None:
    fill(lite)
    database = Database(lite)
    held = {"name": "scheduler", "holder": "x", "until_ms": 1 << 52}
    database.write_now(lambda c: c.execute(insert(lease).values(held)))
    refused = run(lite, pg)
    assert (refused.exit_code, "还在运行" in refused.output) == (1, True)
    database.write_now(lambda c: c.execute(update(lease).values(until_ms=0)))
    database.close()
    assert run(lite, pg).exit_code == 0


def test_a_source_that_is_not_current_and_an_address_that_is_none_are_refused(
    lite: str, pg: str, tmp_path: Path
) -> None:
    Database(lite).close()
    assert "baijiamen migrate" in run(lite, pg).output
    assert "同一个" in run(pg, pg).output
    assert "地址" in run("nonsense", pg).output
    fill(f"sqlite:///{tmp_path / 'c.db'}")
    lost = run(f"sqlite:///{tmp_path / 'c.db'}", "postgresql://nobody@127.0.0.1:1/none")
    assert (lost.exit_code, "目标数据库打不开" in lost.output) == (1, True)
