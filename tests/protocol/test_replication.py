"""This server as a client: of itself and of another like it."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.limits import Limits
from tests.protocol import replication
from tests.protocol.replication import QUICK, Server, attached, equal, revision, serving, trouble, until

NARROW = Limits(body=400_000, document=60_000, bulk=600)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("here")) as server:
        server.create("src")
        server.store("src", trouble(600))
        yield server


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("there"), limits=NARROW) as server:
        yield server


def checkpoint(server: Server, database: str) -> dict[str, Any]:
    rows = server.http.get(f"/{database}/_local_docs").json()["rows"]
    found = [server.http.get(f"/{database}/{row['id']}").json() for row in rows]
    return next(each for each in found if "source_last_seq" in each)


def test_from_one_database_to_another(here: Server) -> None:
    told = here.replicate("src", "copy", create_target=True)
    equal(here, "src", here, "copy")
    assert told["ok"]
    [session] = told["history"]
    assert session["docs_written"] == session["docs_read"] == session["missing_found"] == session["missing_checked"]
    assert session["doc_write_failures"] == 0
    again = here.replicate("src", "copy")
    assert again["no_changes"]
    kept = [checkpoint(here, name) for name in ("src", "copy")]
    assert kept[0] == kept[1]
    assert {key: value for key, value in kept[0].items() if key[0] != "_"} == {
        key: value for key, value in told.items() if key != "ok"
    }


def test_only_what_is_new_travels_the_next_time(here: Server) -> None:
    here.create("growing")
    here.store("growing", trouble(50, seed=2))
    first = here.replicate("growing", "grown", create_target=True)
    here.store("growing", [revision("new", 1, "aa"), revision("newer", 1, "bb")])
    second = here.replicate("growing", "grown")
    assert [session["docs_read"] for session in second["history"]] == [2, first["history"][0]["docs_read"]]
    assert second["history"][0]["start_last_seq"] == first["source_last_seq"]
    equal(here, "growing", here, "grown")


def test_an_attachment_of_any_type_arrives(here: Server) -> None:
    here.create("typed")
    attachments = {
        str(n): {**attached(b"x"), "content_type": kind} for n, kind in enumerate(("text/走", "é", "", "a\tb"))
    }
    here.store("typed", [revision("p", 1, "aa", _attachments=attachments)])
    here.replicate("typed", "typed2", create_target=True)
    equal(here, "typed", here, "typed2")


def test_an_edit_does_not_carry_its_old_attachments_again(here: Server) -> None:
    here.create("photos")
    photo = random.Random(1).randbytes(50_000)
    here.store("photos", [revision("p", 1, "aa", _attachments={"x": attached(photo)})])
    here.replicate("photos", "photos2", create_target=True)
    doc = here.http.get("/photos/p").json()
    assert here.http.put("/photos/p", json={**doc, "n": 2}).status_code == 201
    here.replicate("photos", "photos2")
    equal(here, "photos", here, "photos2")
    assert here.attachment("photos2", "p", "x") == photo


@pytest.mark.parametrize("way", ["pull", "push", "between two others"])
def test_with_another_server(here: Server, there: Server, way: str, tmp_path: Path) -> None:
    name = way.replace(" ", "-")
    if way == "pull":
        there.create("theirs")
        there.store("theirs", trouble(100, seed=3)[:-1], at_once=50)
        here.replicate(there.url("theirs"), name, create_target=True)
        equal(there, "theirs", here, name)
        return
    runner = here
    if way != "push":
        with serving(tmp_path) as third:
            third.replicate(here.url("src"), there.url(name), create_target=True, doc_ids=["doc:1", "doc:2"])
        assert there.leaves(name) == {
            id_: revs for id_, revs in here.leaves("src").items() if id_ in {"doc:1", "doc:2"}
        }
        return
    told = runner.replicate("src", there.url(name), create_target=True)["history"][0]
    assert told["doc_write_failures"] == 0 or there.http.get(f"/{name}/big").status_code == 404
    mine = here.leaves("src")
    if told["doc_write_failures"]:
        assert told["doc_write_failures"] == 1
        del mine["big"]
    assert there.leaves(name) == mine


def test_what_is_too_large_for_the_target_is_counted_and_the_rest_arrives(here: Server, there: Server) -> None:
    here.create("heavy")
    here.store("heavy", [revision(f"d{n}", 1, "aa", text="x" * 50_000) for n in range(40)])
    here.store("heavy", [revision("too heavy", 1, "aa", text="x" * 70_000)])
    told = here.replicate("heavy", there.url("heavy"), create_target=True)["history"][0]
    assert (told["docs_written"], told["doc_write_failures"]) == (40, 1)
    assert here.replicate("heavy", there.url("heavy"))["no_changes"]
    assert len(there.leaves("heavy")) == 40


def test_what_the_target_forbids_is_counted_and_the_checkpoint_moves_on(here: Server, there: Server) -> None:
    assert there.http.put("/area-other/theirs", json={}).status_code == 201
    here.create("mixed")
    here.store("mixed", [revision("theirs", 1, "aa"), revision("mine", 1, "aa")])
    told = here.replicate("mixed", there.url("area-mine"))["history"][0]
    assert (told["docs_written"], told["doc_write_failures"]) == (1, 1)
    assert here.replicate("mixed", there.url("area-mine"))["no_changes"]
    assert there.leaves("area-mine") == {"mine": ["1-aa"]}


def test_some_documents_only(here: Server) -> None:
    ids = ["doc:1", "doc:3", "_design/x", "nowhere"]
    here.replicate("src", "some", create_target=True, doc_ids=ids)
    mine = here.leaves("src")
    assert here.leaves("some") == {id_: mine[id_] for id_ in ids if id_ in mine}


def test_from_a_sequence_and_without_checkpoints(here: Server) -> None:
    last = here.http.get("/src").json()["update_seq"]
    told = here.replicate("src", "late", create_target=True, since_seq=str(int(last) - 3), use_checkpoints=False)
    assert told["history"][0]["start_last_seq"] == str(int(last) - 3)
    assert len(here.leaves("late")) == 3
    assert here.http.get("/late/_local_docs").json()["rows"] == []


def test_a_continuous_one_follows_until_it_is_cancelled(here: Server, there: Server) -> None:
    there.create("followed")
    asked = {"source": there.url("followed"), "target": "follower", "create_target": True, "continuous": True}
    told = here.http.post("/_replicate", json=asked)
    assert told.status_code == 202
    id_ = told.json()["_local_id"]
    assert id_.endswith("+continuous+create_target")
    assert here.http.post("/_replicate", json=asked).json()["_local_id"] == id_
    there.store("followed", [revision("a", 1, "aa")])
    until(lambda: here.http.get("/follower/a").status_code == 200, "the first")
    there.store("followed", [revision("a", 2, "bb", "aa")])
    until(lambda: here.http.get("/follower/a").json().get("_rev") == "2-bb", "the second")
    [task] = until(
        lambda: [
            each
            for each in here.http.get("/_active_tasks").json()
            if each["replication_id"] == id_ and each["checkpointed_source_seq"] == "2"
        ],
        "a checkpoint",
    )
    assert task["type"] == "replication"
    assert (task["docs_read"], task["docs_written"], task["continuous"], task["user"]) == (2, 2, True, "admin")
    assert task["source"] == f"{there.root}/sync/followed/"
    jobs = here.http.get("/_scheduler/jobs").json()
    assert id_ in [job["id"] for job in jobs["jobs"]]
    assert here.http.get(f"/_scheduler/jobs/{id_}").json()["info"]["docs_written"] == 2
    assert here.http.post("/_replicate", json={**asked, "cancel": True}).json() == {"ok": True, "_local_id": id_}
    assert id_ not in [each["replication_id"] for each in here.http.get("/_active_tasks").json()]
    assert here.http.post("/_replicate", json={"replication_id": id_, "cancel": True}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "error"),
    [
        ({"source": "nowhere", "target": "copy"}, 404, "db_not_found"),
        ({"source": "src", "target": "nowhere"}, 404, "db_not_found"),
        ({"source": "src", "target": "Not A Name", "create_target": True}, 500, "replication_error"),
        ({"source": "src"}, 400, "bad_request"),
        ({"source": "http://169.254.169.254/latest", "target": "copy"}, 403, "forbidden"),
        ({"source": "src", "target": "copy", "doc_ids": 1}, 400, "bad_request"),
    ],
)
def test_what_cannot_be_done_is_said(here: Server, asked: dict[str, Any], status: int, error: str) -> None:
    answer = here.http.post("/_replicate", json=asked)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_wrong_credentials_are_told_apart(here: Server, there: Server) -> None:
    wrong = there.url("followed").replace(":pass@", ":secret-but-wrong@")
    answer = here.http.post("/_replicate", json={"source": wrong, "target": "copy"})
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    assert "secret-but-wrong" not in answer.text


@pytest.mark.parametrize("path", ["/_active_tasks", "/_scheduler/jobs", "/_scheduler/docs", "/_replicate"])
def test_only_administrators_replicate(here: Server, path: str) -> None:
    method = "POST" if path == "/_replicate" else "GET"
    url = here.root + here.path + path
    body = {"source": "src", "target": "copy"}
    assert httpx.request(method, url, json=body).status_code == 401
    assert httpx.request(method, url, json=body, auth=("phone", "pass")).status_code == 403


def test_documents_ask_for_replications(here: Server, there: Server) -> None:
    here.create("_replicator")
    there.create("asked")
    there.store("asked", [revision("a", 1, "aa")])
    source = there.url("asked")
    assert here.http.put("/_replicator/once", json={"source": source, "target": "once"}).status_code == 201
    state = lambda: here.http.get("/_scheduler/docs/_replicator/once").json()  # noqa: E731
    told = until(lambda: (now := state())["state"] == "crashing" and now, "it fails, for the target is missing")
    assert "once" in told["info"]["error"]
    here.create("once")
    doc = until(
        lambda: (told := here.http.get("/_replicator/once").json()).get("_replication_state") and told, "it is done"
    )
    assert doc["_replication_state"] == "completed"
    assert doc["_replication_stats"]["docs_written"] == 1
    assert doc["_replication_state_time"]
    assert state()["state"] == "completed"
    assert here.leaves("once") == {"a": ["1-aa"]}
    listed = here.http.get("/_scheduler/docs").text
    assert "pass@" not in listed
    assert "admin" not in listed
    assert here.http.put("/_replicator/wrong", json={"source": 7, "target": "once"}).status_code == 201
    doc = until(
        lambda: (told := here.http.get("/_replicator/wrong").json()).get("_replication_state") and told, "it is refused"
    )
    assert doc["_replication_state"] == "failed"
    assert "source" in doc["_replication_state_reason"]


def test_a_document_that_nobody_could_write_does_not_stop_the_others(here: Server) -> None:
    here.create("_replicator")
    deep = "[" * 600 + "]" * 600
    for id_ in ("deep", "deeper"):
        body = f'{{"source":7,"target":"once","x":{deep},"n":1.10}}'
        assert here.http.put(f"/_replicator/{id_}", content=body).status_code == 201
    for id_ in ("deep", "deeper"):

        def state(path: str = f"/_replicator/{id_}") -> str:
            return here.http.get(path).text

        until(lambda: "_replication_state" in state(), "it is refused")
        assert f'"x":{deep},"n":1.10' in state()


def test_a_changed_document_changes_the_replication_and_a_deleted_one_ends_it(here: Server, there: Server) -> None:
    here.create("_replicator")
    for name in ("first", "second"):
        there.create(name)
        there.store(name, [revision(f"from {name}", 1, "aa")])
    asked = {"source": there.url("first"), "target": "changing", "create_target": True, "continuous": True}
    rev = here.http.put("/_replicator/changing", json=asked).json()["rev"]
    until(lambda: here.http.get("/changing/from first").status_code == 200, "the first")
    asked = {**asked, "source": there.url("second"), "_rev": rev}
    rev = here.http.put("/_replicator/changing", json=asked).json()["rev"]
    until(lambda: here.http.get("/changing/from second").status_code == 200, "the second")
    sources = [task["source"] for task in here.http.get("/_active_tasks").json() if task["doc_id"] == "changing"]
    assert sources == [f"{there.root}/sync/second/"]
    assert here.http.delete(f"/_replicator/changing?rev={rev}").status_code == 200
    until(lambda: not [t for t in here.http.get("/_active_tasks").json() if t["doc_id"] == "changing"], "the end")


def test_a_restart_goes_on_where_it_was(there: Server, tmp_path: Path) -> None:
    there.create("survived")
    there.store("survived", [revision(f"d{n}", 1, "aa") for n in range(20)])
    with serving(tmp_path) as first:
        first.create("_replicator")
        asked = {"source": there.url("survived"), "target": "mine", "create_target": True, "continuous": True}
        assert first.http.put("/_replicator/it", json=asked).status_code == 201
        tasks = lambda: first.http.get("/_active_tasks").json()  # noqa: E731
        until(lambda: tasks() and tasks()[0]["checkpointed_source_seq"] == "20", "all and a checkpoint")
    there.store("survived", [revision("meanwhile", 1, "aa")])
    with serving(tmp_path) as second:
        until(lambda: second.http.get("/mine/meanwhile").status_code == 200, "what came meanwhile")
        [task] = second.http.get("/_active_tasks").json()
        assert task["docs_read"] == 1
        equal(there, "survived", second, "mine")


def test_of_two_processes_one_replicates_and_both_show_it(there: Server, tmp_path: Path) -> None:
    there.create("shared")
    with serving(tmp_path) as one, serving(tmp_path) as two:
        one.create("_replicator")
        asked = {"source": there.url("shared"), "target": "mine", "create_target": True, "continuous": True}
        one.http.put("/_replicator/it", json=asked)
        for server in (one, two):
            until(lambda: [t["doc_id"] for t in server.http.get("/_active_tasks").json()] == ["it"], "shown once")  # noqa: B023
        there.store("shared", [revision("a", 1, "aa")])
        until(lambda: two.http.get("/mine/a").status_code == 200, "the document")


def test_only_servers_that_are_allowed(there: Server, tmp_path: Path) -> None:
    only = QUICK.model_copy(update={"hosts": ["backup.example"]})
    with replication.serving(tmp_path, only) as careful:
        careful.create("x")
        answer = careful.http.post("/_replicate", json={"source": there.url("followed"), "target": "x"})
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
        assert "replicator.hosts" in answer.json()["reason"]


def test_what_a_selector_finds_and_nothing_else(here: Server, there: Server) -> None:
    there.create("chosen-from")
    docs = [revision(f"d{n}", 1, "aa", floor=n % 4, tags=["even" if n % 2 == 0 else "odd"]) for n in range(40)]
    there.store("chosen-from", docs)
    asked = {"selector": {"floor": {"$gte": 2}, "tags": {"$elemMatch": {"$eq": "even"}}}, "create_target": True}
    told = here.replicate(there.url("chosen-from"), "chosen", **asked)
    assert sorted(here.leaves("chosen")) == sorted(f"d{n}" for n in range(2, 40, 4))
    assert told["history"][0]["missing_checked"] == 10, "the source looks, not we"
    there.store("chosen-from", [revision("d2", 2, "bb", "aa", floor=0, tags=[]), revision("new", 1, "aa", floor=3)])
    there.store("chosen-from", [revision("newer", 1, "aa", floor=2, tags=["even"])])
    assert here.replicate(there.url("chosen-from"), "chosen", **asked)["history"][0]["docs_read"] == 1
    assert here.leaves("chosen")["d2"] == ["1-aa"], "what it no longer finds stays as it was"
    other = here.replicate(there.url("chosen-from"), "chosen", selector={"floor": 1})
    assert other["history"][0]["start_last_seq"] == 0, "another selector, another checkpoint"
    pushed = here.replicate("chosen", there.url("chosen-back"), create_target=True, selector={"floor": {"$lt": 2}})
    assert pushed["history"][0]["docs_written"] == 10
    answer = here.http.post("/_replicate", json={"source": "chosen", "target": "chosen", "selector": {"$no": 1}})
    assert (answer.status_code, answer.json()["error"]) == (500, "replication_error")
    assert "$no" in answer.json()["reason"]


@pytest.mark.parametrize("some", [{"selector": {"wanted": True}}, {"doc_ids": ["a", "b"]}])
def test_some_are_followed_too(here: Server, there: Server, some: dict[str, Any]) -> None:
    name = f"some-{next(iter(some)).replace('_', '-')}"
    there.create(name)
    asked = {"source": there.url(name), "target": name, "create_target": True, "continuous": True, **some}
    assert here.http.post("/_replicate", json=asked).status_code == 202
    for id_ in ("a", "c", "b"):
        there.store(name, [revision(id_, 1, "aa", wanted=id_ != "c")])
        until(lambda: id_ == "c" or here.http.get(f"/{name}/{id_}").status_code == 200, id_)  # noqa: B023
    assert sorted(here.leaves(name)) == ["a", "b"]
    assert here.http.post("/_replicate", json={**asked, "cancel": True}).status_code == 200


def test_checkpoints_have_the_fields_that_couchdb_looks_for(here: Server) -> None:
    """What its replicator reads: ``couch_replicator_scheduler_job``, "compare_replication_logs"."""
    here.create("logged")
    here.store("logged", trouble(30, seed=4))
    here.replicate("logged", "logged2", create_target=True)
    log = checkpoint(here, "logged2")
    assert re.fullmatch(r"_local/[0-9a-f]{32}", log["_id"])
    assert log["replication_id_version"] == 4
    assert (log["session_id"], log["source_last_seq"]) == (
        log["history"][0]["session_id"],
        log["history"][0]["recorded_seq"],
    )
    assert re.fullmatch(r"[0-9a-f]{32}", log["session_id"])
    kinds = {name: type(value) for name, value in log["history"][0].items()}
    texts = dict.fromkeys(("session_id", "start_time", "end_time", "end_last_seq", "recorded_seq"), str)
    counts = ("missing_checked", "missing_found", "docs_read", "docs_written", "doc_write_failures")
    assert kinds == {
        **texts,
        **dict.fromkeys((*counts, "bulk_get_docs", "bulk_get_attempts"), int),
        "start_last_seq": int,
    }


def test_a_checkpoint_that_couchdb_wrote_is_gone_on_from(here: Server) -> None:
    """Its sequences are texts of its own, its history has fewer fields, and may be longer on one side."""
    here.create("older")
    here.store("older", [revision(f"d{n}", 1, "aa") for n in range(10)])
    here.replicate("older", "older2", create_target=True)
    for name in ("older", "older2"):
        log = checkpoint(here, name)
        entry = {
            "session_id": "5f7a" * 8,
            "start_time": "Thu, 10 Oct 2024 05:56:38 GMT",
            "end_time": "Thu, 10 Oct 2024 05:57:38 GMT",
            "start_last_seq": 0,
            "end_last_seq": "7",
            "recorded_seq": "7",
            "missing_checked": 7,
            "missing_found": 7,
            "docs_read": 7,
            "docs_written": 7,
            "doc_write_failures": 0,
        }
        theirs = {"session_id": "5f7a" * 8, "source_last_seq": "7", "replication_id_version": 4, "history": [entry]}
        assert here.http.put(f"/{name}/{log['_id']}", json={**theirs, "_rev": log["_rev"]}).status_code == 201
    session = here.replicate("older", "older2")["history"][0]
    assert (session["start_last_seq"], session["missing_checked"], session["docs_read"]) == ("7", 3, 0)
