"""Backing up while the server may be writing, and what is done after a restore."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.channels import vapid
from server.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("BAIJIAMEN_DATA", str(tmp_path / "data"))
    before = os.umask(0o022)
    yield lambda *words: CliRunner().invoke(main, words, catch_exceptions=False)
    os.umask(before)


def uuid_in(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "baijiamen.db")) as database:
        found = database.execute("SELECT value FROM sync_meta WHERE key = 'uuid'").fetchone()
    return str(found[0])


def test_a_backup_is_one_moment_also_while_others_write(run: Run, tmp_path: Path) -> None:
    run("area", "add", "c1", "--kind", "community", "--name", "新疆路社区")
    keys = vapid.load(tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / "baijiamen.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE area SET name = '未提交'")
        done = run("backup", str(tmp_path / "copy"))
        writer.execute("ROLLBACK")
    assert done.exit_code == 0, done.output
    assert "已备份到" in done.output
    assert run("area", "list", "--data", str(tmp_path / "copy")).output == "c1\tcommunity\t新疆路社区\n"
    assert vapid.public_key(vapid.load(tmp_path / "copy")) == vapid.public_key(keys)


def test_a_backup_is_one_file_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    run("area", "add", "c1", "--kind", "community", "--name", "新疆路社区")
    run("backup", str(tmp_path / "copy"))
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["baijiamen.db"]
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    assert (tmp_path / "copy" / "baijiamen.db").stat().st_mode & 0o077 == 0


def test_no_backup_is_overwritten_and_none_is_made_of_nothing(run: Run, tmp_path: Path) -> None:
    nothing = run("backup", str(tmp_path / "copy"))
    assert nothing.exit_code == 1
    assert "--data" in nothing.output
    assert not (tmp_path / "copy").exists()
    run("migrate")
    (tmp_path / "copy").mkdir()
    taken = run("backup", str(tmp_path / "copy"))
    assert taken.exit_code == 1
    assert "换一个新目录" in taken.output


def test_a_backup_never_migrates_what_it_copies(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "baijiamen.db")) as old:
        old.execute("CREATE TABLE of_an_older_version (n)")
        old.commit()
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "copy" / "baijiamen.db")) as copy:
        assert copy.execute("SELECT name FROM sqlite_master").fetchall() == [("of_an_older_version",)]


def test_after_a_restore_the_store_is_another_for_its_clients(run: Run, tmp_path: Path) -> None:
    run("migrate")
    assert run("restored").exit_code == 0
    first = uuid_in(tmp_path / "data")
    assert run("restored").exit_code == 0
    assert uuid_in(tmp_path / "data") not in {first, ""}
