"""Purge, compaction, limits, copies, and the databases together."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest

from sync.access import View
from sync.http import upkeep
from sync.http.front import Front
from sync.limits import Limits
from tests.protocol.serve import Running


def settled(http: httpx.Client, db: str) -> None:
    """Wait until nothing compacts the database."""
    end = time.monotonic() + 10
    while http.get(db).json()["compact_running"]:
        assert time.monotonic() < end


def edit(http: httpx.Client, path: str, count: int) -> list[str]:
    """Write a document ``count`` times; return its revisions."""
    revs: list[str] = []
    for n in range(count):
        answer = http.put(path, json={"n": n}, params={"rev": revs[-1]} if revs else {})
        revs.append(answer.json()["rev"])
    return revs


class TestPurge:
    def test_a_document_and_a_leaf(self, told: Any, http: httpx.Client, db: str) -> None:
        first, second = edit(http, db + "/x", 2)
        asked = {"x": [first, second], "nix": ["1-a"]}
        assert told("POST", db + "/_purge", asked) == (201, {"purge_seq": None, "purged": {"x": [second], "nix": []}})
        assert told("GET", db + "/x") == (404, {"error": "not_found", "reason": "missing"})
        info = told("GET", db)[1]
        assert (info["doc_count"], info["purge_seq"]) == (0, "1")
        assert told("GET", db + "/_purged_infos") == (200, {"purged_infos": [{"id": "x", "revs": [second]}]})
        docs = [{"_id": "y", "_rev": rev} for rev in ("1-a", "1-b")]
        told("POST", db + "/_bulk_docs", {"docs": docs, "new_edits": False})
        assert told("POST", db + "/_purge", {"y": ["1-b"]})[1]["purged"] == {"y": ["1-b"]}
        assert told("GET", db + "/y?conflicts=true")[1] == {"_id": "y", "_rev": "1-a"}
        assert told("GET", db + "/_changes?since=4")[1]["results"][0]["changes"] == [{"rev": "1-a"}]

    def test_what_is_refused(self, told: Any, http: httpx.Client, server: Running, db: str) -> None:
        for bad in ({"x": "1-a"}, {"x": ["nix"]}, []):
            assert told("POST", db + "/_purge", bad)[0] == 400
        many = {str(n): ["1-a"] for n in range(101)}
        assert told("POST", db + "/_purge", many)[1]["reason"] == "Exceeded maximum number of documents."
        revs = {"x": [f"1-{n}" for n in range(1001)]}
        assert told("POST", db + "/_purge", revs)[1]["reason"] == "Exceeded maximum number of revisions."
        assert http.post(db + "/_purge", content=b"{}").status_code == 415
        with server.client("phone") as phone:
            assert phone.post(db + "/_purge", json={}).status_code == 403

    def test_how_much_is_remembered(self, told: Any, db: str) -> None:
        path = db + "/_purged_infos_limit"
        assert told("GET", path) == (200, 1000)
        assert told("PUT", path, 1) == (200, {"ok": True})
        assert told("GET", path) == (200, 1)
        for bad in (0, "1", 1.5, 2**31, 2**63):
            assert told("PUT", path, bad)[0] == 400


class TestHistories:
    def test_a_lower_limit_cuts_what_is_there(self, told: Any, http: httpx.Client, db: str) -> None:
        revs = edit(http, db + "/x", 6)
        assert told("GET", f"{db}/x?rev={revs[0]}")[0] == 200
        assert told("PUT", db + "/_revs_limit", 2) == (200, {"ok": True})
        settled(http, db)
        assert [told("GET", f"{db}/x?rev={rev}")[0] for rev in revs] == [404] * 4 + [200] * 2
        assert len(told("GET", db + "/x?revs=true")[1]["_revisions"]["ids"]) == 2

    async def test_a_database_that_is_deleted_while_it_is_compacted_is_no_failure(
        self, server: Running, caplog: pytest.LogCaptureFixture
    ) -> None:
        nobody: Any = None
        front = Front(server.store, nobody, Limits())
        upkeep.begin(front, View("gone", "gone"))
        await front.compactions["gone"][1]
        assert (caplog.text, front.compactions) == ("", {})

    def test_compaction(self, told: Any, http: httpx.Client, db: str) -> None:
        revs = edit(http, db + "/x", 3)
        assert told("POST", db + "/_compact", {}) == (202, {"ok": True})
        settled(http, db)
        assert told("GET", "/_active_tasks") == (200, [])
        assert told("GET", f"{db}/x?rev={revs[0]}")[0] == 200
        assert http.post(db + "/_compact", content=b"").status_code == 415
        assert told("POST", db + "/_compact/x", {})[0] == 501
        assert told("POST", db + "/_view_cleanup", {})[0] == 501


class TestCopy:
    @pytest.fixture
    def source(self, http: httpx.Client, db: str) -> str:
        attached = {"a": {"content_type": "text/plain", "data": "aGVsbG8="}}
        return str(http.put(db + "/x", json={"n": 1.50, "_attachments": attached}).json()["rev"])

    def copy(self, http: httpx.Client, path: str, to: str | None, **headers: str) -> httpx.Response:
        return http.request("COPY", path, headers=headers if to is None else {"destination": to, **headers})

    def test_with_attachments(self, http: httpx.Client, db: str, source: str) -> None:
        made = self.copy(http, db + "/x", "y%2Fz")
        assert (made.status_code, made.json()["id"], made.headers["location"]) == (201, "y/z", f"{db}/y%2Fz")
        assert http.get(db + "/y%2Fz/a").text == "hello"
        assert http.get(db + "/y%2Fz").json()["n"] == 1.5
        assert self.copy(http, db + "/x", "y%2Fz").status_code == 409
        again = self.copy(http, db + "/x?rev=" + source, "y%2Fz?rev=" + made.json()["rev"])
        assert again.json()["rev"].startswith("2-")
        assert self.copy(http, db + "/x", "v", **{"if-match": f'"{source}"'}).status_code == 201

    def test_an_old_revision(self, http: httpx.Client, db: str, source: str) -> None:
        http.put(db + "/x", json={"n": 2}, params={"rev": source})
        self.copy(http, f"{db}/x?rev={source}", "old")
        assert (http.get(db + "/old").json()["n"], http.get(db + "/old/a").text) == (1.5, "hello")

    def test_local_documents(self, http: httpx.Client, db: str, source: str) -> None:
        http.put(db + "/_local/a", json={"n": 1.50})
        for path, to, rev in (
            ("/_local/a", "_local/b", "0-1"),
            ("/_local/a", "_local/b?rev=0-1", "0-2"),
            (f"/x?rev={source}", "_local/c%2Fd", "0-1"),
        ):
            made = self.copy(http, db + path, to)
            told = {"ok": True, "id": to.partition("?")[0].replace("%2F", "/"), "rev": rev}
            assert (made.status_code, made.json()) == (201, told)
        assert http.get(db + "/_local/b").json() == {"_id": "_local/b", "_rev": "0-2", "n": 1.5}
        assert http.get(db + "/_local/c%2Fd").json() == {"_id": "_local/c/d", "_rev": "0-1", "n": 1.5}
        assert self.copy(http, db + "/_local/a", "_local/b").status_code == 409
        assert self.copy(http, db + "/_local/nix", "_local/e").status_code == 404
        assert self.copy(http, db + "/_local/a", "_local/").status_code == 400
        assert self.copy(http, db + "/_local/a", "y").json()["rev"].startswith("1-")
        assert http.get(db + "/y").json()["n"] == 1.5

    @pytest.mark.usefixtures("source")
    def test_what_is_refused(self, http: httpx.Client, db: str) -> None:
        reasons = [self.copy(http, db + "/x", to).json()["reason"] for to in (None, "http://a/b")]
        assert reasons == ["Destination header is mandatory for COPY.", "Destination URL must be relative."]
        for path, to, status in (("/nix", "y", 404), ("/x", "_y", 400), ("/x", "y?rev=nix", 400), ("/x", "", 400)):
            assert self.copy(http, db + path, to).status_code == status


class TestEdits:
    def test_batch_ok_is_stored_all_the_same(self, told: Any, http: httpx.Client, db: str) -> None:
        assert told("PUT", db + "/x?batch=ok", {"n": 1}) == (202, {"ok": True, "id": "x"})
        assert told("GET", db + "/x")[1]["n"] == 1
        status, answer = told("POST", db + "?batch=ok", {"n": 1})
        assert (status, set(answer)) == (202, {"ok", "id"})
        assert told("GET", f"{db}/{answer['id']}")[0] == 200
        assert http.get(db).json()["doc_count"] == 2

    def test_preconditions(self, told: Any, http: httpx.Client, db: str) -> None:
        first, second = edit(http, db + "/x", 2)
        matches = {"headers": {"if-match": f'"{first}"'}}
        assert told("PUT", f"{db}/x?rev={second}", {}, **matches) == (
            400,
            {"error": "bad_request", "reason": "Document rev and etag have different values"},
        )
        assert told("PUT", db + "/x", {}, **matches)[0] == 409
        assert told("PUT", db + "/x", {}, headers={"if-match": "nix"})[0] == 400
        assert told("DELETE", db + "/x", headers={"if-match": f'"{second}"'})[0] == 200
        assert told("DELETE", f"{db}/x?rev={second}") == (404, {"error": "not_found", "reason": "deleted"})
        for path in ("/y", "/y?revs=true", "/z/a"):
            if "?" not in path:
                http.put(db + path, content=b"{}")
            etag = http.get(db + path).headers["etag"]
            assert http.get(db + path, headers={"if-none-match": etag}).status_code == 304
            assert http.get(db + path, headers={"if-none-match": "*"}).status_code == 304
            assert http.head(db + path, headers={"if-none-match": f'W/{etag}, "x"'}).status_code == 304
        assert "etag" not in http.get(db + "/y?conflicts=true").headers

    def test_a_form_is_refused_with_a_reason(self, http: httpx.Client, db: str) -> None:
        assert http.post(db + "/x", json={}).status_code == 415
        form = http.post(db + "/x", files={"_attachments": b"x"})
        assert (form.status_code, form.json()["error"]) == (501, "not_implemented")

    def test_a_tombstone_put_is_answered_200(self, told: Any, http: httpx.Client, db: str) -> None:
        (rev,) = edit(http, db + "/x", 1)
        assert told("PUT", db + "/x", {"_rev": rev, "_deleted": True, "why": "gone"})[0] == 200


class TestListings:
    @pytest.fixture
    def filled(self, http: httpx.Client, db: str) -> str:
        for id_ in ("a", "b", "_design/one", "_design/two", "_local/m", "_local/n"):
            assert http.put(f"{db}/{id_}", json={"of": id_}).status_code == 201
        return db

    def ids(self, told: Any, path: str, body: Any = None) -> list[str]:
        status, answer = told("GET" if body is None else "POST", path, body)
        assert status == 200
        return [row.get("id", row.get("error")) for row in answer["rows"]]

    def test_design_documents(self, told: Any, filled: str) -> None:
        path = filled + "/_design_docs"
        assert self.ids(told, path) == ["_design/one", "_design/two"]
        assert self.ids(told, path + "?descending=true&limit=1") == ["_design/two"]
        assert self.ids(told, path + '?startkey="_design/p"') == ["_design/two"]
        assert self.ids(told, path + '?endkey="_design/two"&inclusive_end=false') == ["_design/one"]
        assert self.ids(told, path + '?startkey="zz"') == []
        assert self.ids(told, path, {"keys": ["_design/two", "a", "_design/nix"]}) == ["_design/two", "not_found"]
        row = told("GET", path + "?include_docs=true&skip=1")[1]
        assert (row["total_rows"], row["offset"], row["rows"][0]["doc"]["of"]) == (2, 1, "_design/two")

    def test_local_documents(self, told: Any, filled: str) -> None:
        path = filled + "/_local_docs"
        assert self.ids(told, path) == ["_local/m", "_local/n"]
        assert self.ids(told, path + "?descending=true&skip=1") == ["_local/m"]
        assert self.ids(told, path + '?startkey="_local/n"') == ["_local/n"]
        assert self.ids(told, path + '?endkey="_local/n"&inclusive_end=false') == ["_local/m"]
        assert self.ids(told, path, {"keys": ["_local/n", "nix"]}) == ["_local/n", "not_found"]
        row = told("GET", path + "?include_docs=true&limit=1")[1]
        assert (row["total_rows"], row["offset"], row["rows"][0]["doc"]["of"]) == (None, None, "_local/m")

    def test_keys_and_bounds(self, told: Any, filled: str) -> None:
        path = filled + "/_all_docs"
        assert self.ids(told, path + '?key="nix"') == []
        assert self.ids(told, path + '?key="b"') == self.ids(told, path, {"key": "b"}) == ["b"]
        assert self.ids(told, path + "?startkey_docid=a&endkey_docid=a") == ["a"]
        assert self.ids(told, path, {"start_key": "b"}) == self.ids(told, path + "?start_key_doc_id=b") == ["b"]
        assert len(self.ids(told, path + "?startkey=1")) == 4
        assert self.ids(told, path + '?keys=["a","b"]&descending=true&skip=1') == ["a"]
        for bad, error in (
            ('?keys=["a"]&key="a"', "query_parse_error"),
            ("?keys={}", "bad_request"),
            ("?limit=-1", "query_parse_error"),
            ("?limit=x", "query_parse_error"),
            ("?descending=1", "query_parse_error"),
            ("?startkey=x", "bad_request"),
        ):
            status, answer = told("GET", path + bad)
            assert (status, answer["error"]) == (400, error)
        assert told("GET", path + "?limit=x")[1]["reason"] == 'Invalid value for integer: "x"'
        assert told("GET", path + "?descending=x")[1]["reason"] == 'Invalid boolean parameter: "x"'
        assert told("POST", path, {"keys": 1})[1]["reason"] == "`keys` body member must be an array."

    def test_several_queries(self, told: Any, filled: str) -> None:
        body = {"queries": [{"keys": ["a"]}, {"limit": 1, "descending": True, "include_docs": True}]}
        status, answer = told("POST", filled + "/_all_docs/queries", body)
        assert status == 200
        assert [[row["id"] for row in each["rows"]] for each in answer["results"]] == [["a"], ["b"]]
        assert answer["results"][1]["rows"][0]["doc"]["of"] == "b"
        for kind, ids in (("_design_docs", ["_design/two"]), ("_local_docs", ["_local/n"])):
            results = told("POST", f"{filled}/{kind}/queries", {"queries": [{"skip": 1}]})[1]["results"]
            assert [row["id"] for row in results[0]["rows"]] == ids
        reason = "POST body must include `queries` parameter."
        assert told("POST", filled + "/_all_docs/queries", {})[1]["reason"] == reason
        assert told("POST", filled + "/_all_docs/queries", {"queries": [1]})[0] == 400
        assert told("GET", filled + "/_all_docs/queries")[0] == 405


class TestChanges:
    @pytest.fixture
    def filled(self, http: httpx.Client, db: str) -> str:
        for id_ in ("a", "_design/one", "b"):
            http.put(f"{db}/{id_}", json={})
        return db + "/_changes"

    def test_filters(self, told: Any, filled: str) -> None:
        assert [row["id"] for row in told("GET", filled + "?filter=_design")[1]["results"]] == ["_design/one"]
        assert told("GET", filled + "?filter=_design")[1]["last_seq"] == "3"
        for kind, status in (("_view&view=x/y", 501), ("x/y", 501), ("nix", 400)):
            assert told("GET", f"{filled}?filter={kind}")[0] == status

    def test_some_sequences(self, told: Any, http: httpx.Client, filled: str) -> None:
        answer = told("GET", filled + "?seq_interval=2")[1]
        assert [row["seq"] for row in answer["results"]] == [None, "2", None]
        assert answer["last_seq"] == "3"
        lines = http.get(filled + "?feed=continuous&timeout=100&seq_interval=3").text.splitlines()
        assert [json.loads(line).get("seq") for line in lines] == [None, None, "3", None]
        for bad in ("0", "x", "-1"):
            assert told("GET", f"{filled}?seq_interval={bad}")[0] == 400

    def test_a_post_without_a_body(self, http: httpx.Client, filled: str) -> None:
        json_type = {"content-type": "application/json"}
        assert len(http.post(filled, content=b"", headers=json_type).json()["results"]) == 3
        assert http.post(filled, content=b"").status_code == 415

    def test_live_is_continuous(self, http: httpx.Client, filled: str) -> None:
        answer = http.get(filled + "?feed=live&timeout=100")
        assert json.loads(answer.text.splitlines()[-1])["last_seq"] == "3"

    def test_heartbeats_and_where_to_go_on(self, told: Any, http: httpx.Client, filled: str) -> None:
        for bad in ("0", "x", "-5"):
            assert "heartbeat" in told("GET", f"{filled}?feed=longpoll&heartbeat={bad}")[1]["reason"]
        last = {"last-event-id": "2"}
        assert len(http.get(filled, headers=last).json()["results"]) == 3
        assert len(http.get(filled + "?last-event-id=2").json()["results"]) == 1
        assert http.get(filled + "?feed=eventsource&timeout=50", headers=last).text.count("data: ") == 1

    def test_documents_with_attachments(self, told: Any, http: httpx.Client, db: str, filled: str) -> None:
        http.put(db + "/c", json={"_attachments": {"a": {"data": "aGVsbG8=", "content_type": "x/y"}}})
        flags = "?include_docs=true&since=3"
        assert told("GET", filled + flags)[1]["results"][0]["doc"]["_attachments"]["a"]["stub"] is True
        doc = told("GET", filled + flags + "&attachments=true&att_encoding_info=true")[1]["results"][0]["doc"]
        assert doc["_attachments"]["a"]["data"] == "aGVsbG8="


class TestAllDatabases:
    def test_names_in_a_range(self, told: Any, http: httpx.Client) -> None:
        for name in ("ranged-a", "ranged-b", "ranged-c"):
            http.put("/" + name)
        path = '/_all_dbs?startkey="ranged-"&endkey="ranged-z"'
        assert told("GET", path)[1] == ["ranged-a", "ranged-b", "ranged-c"]
        assert told("GET", path + "&limit=1&skip=1")[1] == ["ranged-b"]
        assert told("GET", '/_all_dbs?startkey="ranged-z"&endkey="ranged-b"&descending=true')[1] == [
            "ranged-c",
            "ranged-b",
        ]
        assert told("GET", "/_all_dbs?limit=x")[1]["error"] == "query_parse_error"

    def test_figures(self, told: Any, db: str) -> None:
        name = db[1:]
        one = told("GET", f'/_dbs_info?key="{name}"')[1]
        assert one == told("POST", "/_dbs_info", {"keys": [name]})[1] == [{"key": name, "info": told("GET", db)[1]}]
        assert told("POST", "/_dbs_info", {"keys": ["nix"]})[1] == [{"key": "nix", "error": "not_found"}]
        assert told("POST", "/_dbs_info", {})[1]["reason"] == "`keys` member must exist."
        assert told("POST", "/_dbs_info", {"keys": ["x"] * 101})[0] == 400

    def test_updates(self, told: Any, http: httpx.Client, db: str) -> None:
        since = told("GET", "/_db_updates?since=now")[1]["last_seq"]
        assert told("GET", "/_db_updates?since=" + since)[1]["results"] == []
        http.put(db + "/x", json={})
        http.put("/made-anew")
        http.put("/made-and-gone")
        gone = told("GET", "/_db_updates?since=" + since)[1]["last_seq"]
        http.delete("/made-and-gone")
        events = told("GET", "/_db_updates?since=" + since)[1]["results"]
        assert [(each["db_name"], each["type"]) for each in events] == [(db[1:], "updated"), ("made-anew", "created")]
        first = told("GET", f"/_db_updates?limit=1&since={since}")[1]
        rest = told("GET", "/_db_updates?since=" + first["last_seq"])[1]["results"]
        assert [each["db_name"] for each in first["results"] + rest] == [db[1:], "made-anew"]
        events = told("GET", "/_db_updates?since=" + gone)[1]["results"]
        assert [(each["db_name"], each["type"]) for each in events] == [("made-and-gone", "deleted")]
        lines = http.get(f"/_db_updates?feed=continuous&timeout=10&since={since}").text.splitlines()
        assert [json.loads(line).get("type") for line in lines] == ["updated", "created", None]
        events = http.get(f"/_db_updates?feed=eventsource&timeout=10&since={since}").text
        assert events.count("data: ") == events.count("id: ") == 2
        for bad in ("nix", "e30", "WzFd"):
            assert told("GET", "/_db_updates?since=" + bad)[0] in {200, 400}
        assert told("GET", "/_db_updates?feed=nix")[0] == 400

    async def test_updates_as_they_come(self, server: Running, db: str) -> None:
        async with httpx.AsyncClient(base_url=server.url, auth=("admin", "pass"), timeout=30) as http:
            poll = asyncio.ensure_future(http.get("/_db_updates?feed=longpoll&since=now&timeout=9000"))
            idle = await http.get("/_db_updates?feed=longpoll&since=now&timeout=10")
            assert idle.json()["results"] == []
            await http.put(db + "/x", json={})
            assert [each["db_name"] for each in (await poll).json()["results"]] == [db[1:]]

    def test_are_for_administrators(self, server: Running) -> None:
        with server.client("phone") as phone:
            for path in ("/_all_dbs", "/_dbs_info", "/_db_updates", "/_active_tasks", "/_membership"):
                assert phone.get(path).status_code == 403
        assert httpx.get(server.url + "/_dbs_info").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        *(f"/_design/x/{name}/y" for name in ("_view", "_show", "_list", "_update", "_rewrite", "_search")),
        "/_design/x/_info",
        "/_shards",
        "/_sync_shards",
        "/_partition/x/_all_docs",
    ],
)
def test_what_is_not_executed_says_what_to_use(told: Any, db: str, path: str) -> None:
    status, answer = told("GET", db + path)
    assert (status, answer["error"]) == (501, "not_implemented")
    assert len(answer["reason"]) > 20


@pytest.mark.parametrize("path", ["/_node/_local/_config", "/_cluster_setup", "/_reshard", "/_utils/"])
def test_what_the_server_has_not_says_so(told: Any, path: str) -> None:
    assert told("GET", path)[0] == 501


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/_local", "Invalid _local document id."),
        ("/_local/", "Invalid _local document id."),
        ("/_local/a/b", "_local documents do not accept attachments."),
    ],
)
def test_local_documents_have_no_attachments(told: Any, db: str, path: str, reason: str) -> None:
    assert told("GET", db + path) == (400, {"error": "bad_request", "reason": reason})
