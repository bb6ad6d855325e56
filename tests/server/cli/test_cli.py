"""The command line, as an administrator types it."""

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import structlog
from click.testing import CliRunner, Result

from server.cli import main

Run = Callable[..., Result]
PASSWORD = "winter-plum-22"
CHEAP = {
    "BAIJIAMEN_ACCOUNTS__ARGON2_MEMORY_KIB": "8",
    "BAIJIAMEN_ACCOUNTS__ARGON2_TIME_COST": "1",
    "BAIJIAMEN_ACCOUNTS__ARGON2_PARALLELISM": "1",
}
"""Hashing that tests can afford."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("BAIJIAMEN_DATA", str(tmp_path / "data"))
    for name, value in CHEAP.items():
        monkeypatch.setenv(name, value)

    def call(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, words, input=typed, catch_exceptions=False)

    before, root = os.umask(0o022), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield call
    os.umask(before)  # what a command sets for its process would outlive the test
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def ground(run: Run) -> Run:
    """An administrator, a community with one door, and a visitor of it."""
    for words in (
        ("area", "add", "c1", "--kind", "community", "--name", "新疆路社区"),
        ("area", "add", "d-0101", "--parent", "c1", "--kind", "door", "--name", "3号楼1门"),
    ):
        assert run(*words).exit_code == 0
    for name, more in (("chen", ("--admin",)), ("li-hong", ())):
        words = ("user", "add", name, "--display-name", name, "--password-stdin", *more)
        assert run(*words, typed=PASSWORD + "\n").exit_code == 0
    return run


def test_accounts_are_added_listed_and_disabled(ground: Run) -> None:
    listed = ground("user", "list").output
    assert "chen\tchen\t管理员" in listed
    assert ground("user", "disable", "li-hong").exit_code == 0
    assert "li-hong\tli-hong\t已停用" in ground("user", "list").output
    assert ground("user", "enable", "li-hong").exit_code == 0
    assert "已停用" not in ground("user", "list").output


def test_the_last_administrator_is_kept(ground: Run) -> None:
    refused = ground("user", "disable", "chen")
    assert refused.exit_code == 1
    assert "最后一位管理员" in refused.output


def test_a_password_is_never_an_argument(run: Run) -> None:
    assert run("user", "add", "li", "--display-name", "李", "--password", "x").exit_code == 2
    without = run("user", "add", "li-hong", "--display-name", "李")
    assert without.exit_code == 2
    assert "--password-stdin" in without.output


@pytest.mark.parametrize(("name", "typed", "told"), [("Li", PASSWORD, "登录名"), ("li", "short", "密码太短")])
def test_what_is_wrong_is_one_sentence(run: Run, name: str, typed: str, told: str) -> None:
    refused = run("user", "add", name, "--display-name", "李", "--password-stdin", typed=typed)
    assert refused.exit_code == 1
    assert told in refused.output
    assert "Traceback" not in refused.output


def test_passwords_are_reset(ground: Run) -> None:
    assert ground("user", "set-password", "li-hong", "--password-stdin", typed="summer-lotus-23").exit_code == 0
    assert ground("user", "set-password", "nobody", "--password-stdin", typed="summer-lotus-23").exit_code == 1


def test_grants_are_given_listed_and_taken(ground: Run) -> None:
    assert ground("grant", "add", "li-hong", "visitor", "d-0101").exit_code == 0
    assert ground("grant", "list", "--account", "li-hong").output == "li-hong\tvisitor\td-0101\n"
    assert ground("grant", "add", "li-hong", "visitor", "nowhere").exit_code == 1
    assert ground("grant", "remove", "li-hong", "visitor", "d-0101").exit_code == 0
    assert ground("grant", "list").output == ""


def test_areas_are_listed_as_a_tree_and_moved(ground: Run) -> None:
    assert ground("area", "list").output == "c1\tcommunity\t新疆路社区\n  d-0101\tdoor\t3号楼1门\n"
    ground("area", "add", "c2", "--kind", "community", "--name", "兆丰路社区")
    assert ground("area", "move", "d-0101", "--parent", "c2").exit_code == 0
    assert ground("area", "list", "--under", "c2").output == "c2\tcommunity\t兆丰路社区\n  d-0101\tdoor\t3号楼1门\n"


def test_an_area_with_records_stays_where_it_is(ground: Run, tmp_path: Path) -> None:
    register = tmp_path / "名册.csv"
    register.write_text("楼号,单元,房号,户主,电话\n3,1,501,周老伯,\n", encoding="utf-8")
    done = ground("import", "households", str(register), "--area", "c1")
    assert done.exit_code == 0, done.output
    assert "新建 1 户" in done.output
    assert "不变 1 户" in ground("import", "households", str(register), "--area", "c1").output
    ground("area", "add", "s1", "--kind", "street", "--name", "劝业场街")
    refused = ground("area", "move", "c1", "--parent", "s1")
    assert refused.exit_code == 1
    assert "已有 1 条记录" in refused.output
    assert "共 1 条记录" in ground("rebuild").output


def test_a_trial_import_writes_nothing(ground: Run, tmp_path: Path) -> None:
    register = tmp_path / "名册.csv"
    register.write_text("楼号,单元,房号,户主\n3,1,501,周老伯\n", encoding="utf-8")
    assert "将新建 1 户" in ground("import", "households", str(register), "--area", "c1", "--dry-run").output
    assert "新建 1 户" in ground("import", "households", str(register), "--area", "c1").output
    assert ground("import", "households", str(register), "--area", "nowhere").exit_code == 1


def test_the_schema_names_every_document(run: Run) -> None:
    told = json.loads(run("schema").output)
    assert {"Household", "Visit", "Followup", "Photo", "Review"} <= set(told["$defs"])


def test_the_scheduler_makes_one_pass(ground: Run) -> None:
    assert ground("scheduler", "--once", "--at", "2026-11-23T08:30:00+08:00").exit_code == 0
    assert ground("scheduler", "--once", "--at", "yesterday").exit_code == 2


def test_the_doctor_says_what_is_missing_and_how_to_mend_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAIJIAMEN_PWA", str(tmp_path / "nothing"))
    empty = run("doctor", "--port", "1")
    assert empty.exit_code == 1
    assert "✗ 手机端还没有构建" in empty.output
    assert "→ 请运行 make setup。" in empty.output
    assert "还没有建立" in empty.output
    for name in ("index.html", "sw.js"):
        (tmp_path / "nothing").mkdir(exist_ok=True)
        (tmp_path / "nothing" / name).touch()
    assert run("migrate").exit_code == 0
    after = run("doctor", "--port", "1")
    assert after.exit_code == 0, after.output
    assert "表结构版本 0001" in after.output
    assert "! 还没有管理员" in after.output
    assert "wal，synchronous=2" in after.output
    assert "✓ 数据目录里的文件别的用户读不到" in after.output
    (tmp_path / "data" / "baijiamen.db").chmod(0o644)
    assert "! 别的用户能读到：baijiamen.db" in run("doctor", "--port", "1").output


def test_the_doctor_sees_a_rebuild_that_was_cut_off(ground: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("server.cli_upkeep.time.sleep", cut)
        assert ground("rebuild").exit_code == 1
    assert "! 重建没有做完" in ground("doctor", "--port", "1").output
    monkeypatch.setattr("server.cli_upkeep.time.sleep", lambda _seconds: None)
    assert ground("rebuild").exit_code == 0
    assert "重建" not in ground("doctor", "--port", "1").output


def test_the_doctor_sees_a_folder_that_is_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "baijiamen.db").write_bytes(b"this is no database" * 100)
    found = run("doctor", "--port", "1")
    assert found.exit_code == 1
    assert "✗ 数据库打不开" in found.output


def test_help_knows_every_command(run: Run) -> None:
    told = run("--help").output
    for name in ("area", "demo", "doctor", "grant", "import", "migrate", "rebuild", "schema", "serve", "user"):
        assert re.search(rf"^  {name}\s", told, re.MULTILINE), name
        assert run(name, "--help").exit_code == 0, name
    assert run("nothing").exit_code == 2


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """``serve`` on an empty folder, as a process: itself, its address, and the first administrator's link."""
    command = [sys.executable, "-c", "from server.cli import main; main()", "serve", "--port", "0"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--data", str(tmp_path / "fresh" / "data")],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | CHEAP,
        )
    assert process.stdout is not None
    started, link = process.stdout.readline(), process.stdout.readline()
    yield process, started.strip().removeprefix("百家门已启动："), link
    process.kill()
    process.wait()
    process.stdout.close()


def test_serve_on_an_empty_folder_just_works_and_stops_cleanly(
    serving: tuple[subprocess.Popen[str], str, str], tmp_path: Path
) -> None:
    process, address, link = serving
    token = link.strip().rpartition("/#/setup/")[2]
    with httpx.Client(base_url=address) as browser:
        assert browser.get("/readyz").json()["ready"] is True
        body = {"token": token, "name": "chen", "display_name": "陈主任", "password": PASSWORD}
        assert browser.post("/api/setup", json=body).status_code == 201
        assert browser.get("/api/admin/accounts").json()["items"][0]["name"] == "chen"
        with browser.stream("GET", "/sync/areas/_changes?feed=continuous&heartbeat=60000"):
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert all(each["event"] for each in lines)
    assert token not in (tmp_path / "log").read_text()


def test_serve_says_when_the_port_is_taken(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = run("serve", "--port", str(taken.getsockname()[1]))
    assert refused.exit_code == 1
    assert "请换一个：--port" in refused.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BAIJIAMEN_LOG_LEVEL", "chatty"),
        ("BAIJIAMEN_TRUSTED_PROXIES", '["nginx"]'),
        ("BAIJIAMEN_ACCOUNTS__SESSION_DAYS", "long"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_is_done(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    refused = run("migrate")
    assert refused.exit_code == 1
    assert name in refused.output
    assert not (tmp_path / "data").exists()


def test_a_list_that_is_no_json_is_told_how_to_be_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIJIAMEN_TRUSTED_PROXIES", "127.0.0.1")
    refused = run("migrate")
    assert refused.exit_code == 1
    assert '["127.0.0.1"]' in refused.output


def test_the_doctor_finds_misspelt_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIJIAMEN_REMINDERS_DIGEST_AT", "09:00")
    told = run("doctor", "--port", "1").output
    assert "不认识的设置：BAIJIAMEN_REMINDERS_DIGEST_AT" in told
    assert "BAIJIAMEN_ACCOUNTS__ARGON2_TIME_COST" not in told
