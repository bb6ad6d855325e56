"""Statuses, errors and shapes as CouchDB's clients expect them."""

import base64
from typing import Any, Final
from urllib.parse import quote, unquote

import httpx
import orjson
import pytest

from tests.protocol.serve import Running

JSON: Final = {"content-type": "application/json"}
HELLO: Final = {"a.txt": {"content_type": "text/plain", "data": base64.b64encode(b"hello").decode()}}


def put(http: httpx.Client, path: str, body: Any = None, **query: str) -> str:
    answer = http.put(path, json={} if body is None else body, params=query)
    assert answer.status_code == 201, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["rev"]}"'
    return str(answer.json()["rev"])


class TestServer:
    def test_welcome_needs_no_log_in_and_names_the_store(self, server: Running) -> None:
        first, second = (httpx.get(server.url + end).json() for end in ("", "/"))
        assert first == second
        assert first["couchdb"] == "Welcome"
        assert len(first["uuid"]) == 32
        assert httpx.get(server.url + "/_up").json()["status"] == "ok"

    def test_databases(self, told: Any, db: str) -> None:
        assert db[1:] in told("GET", "/_all_dbs")[1]
        assert told("PUT", db) == (
            412,
            {"error": "file_exists", "reason": "The database could not be created, the file already exists."},
        )
        status, info = told("GET", db + "/")
        assert (status, info["db_name"], info["doc_count"], info["update_seq"]) == (200, db[1:], 0, "0")
        assert info["instance_start_time"] == "0"
        assert told("POST", db + "/_ensure_full_commit", {}) == (201, {"ok": True, "instance_start_time": "0"})
        assert told("DELETE", db + "?rev=1-a")[0] == 400
        assert told("DELETE", db) == (200, {"ok": True})
        assert told("GET", db) == (404, {"error": "not_found", "reason": "Database does not exist."})
        for method, path in (("GET", "/x"), ("PUT", "/x"), ("GET", "/_changes"), ("GET", "/_all_docs"), ("DELETE", "")):
            assert told(method, db + path, {} if method == "PUT" else None)[0] == 404

    def test_settings_of_a_database(self, told: Any, db: str) -> None:
        assert told("GET", db + "/_security") == (200, {})
        assert told("PUT", db + "/_security", {"admins": {"names": ["x"]}}) == (200, {"ok": True})
        assert told("GET", db + "/_security") == (200, {"admins": {"names": ["x"]}})
        assert told("GET", db + "/_revs_limit") == (200, 1000)
        assert told("PUT", db + "/_revs_limit", 5) == (200, {"ok": True})
        assert told("GET", db + "/_revs_limit") == (200, 5)
        assert told("PUT", db + "/_revs_limit", -5)[0] == told("PUT", db + "/_revs_limit", 2**63)[0] == 400
        assert told("POST", db + "/_compact", {}) == (202, {"ok": True})

    def test_uuids(self, told: Any) -> None:
        status, answer = told("GET", "/_uuids?count=3")
        assert (status, len(set(answer["uuids"]))) == (200, 3)
        assert told("GET", "/_uuids?count=9999999")[0] == 400

    def test_a_session(self, server: Running) -> None:
        with httpx.Client(base_url=server.url) as client:
            assert client.get("/_session").json()["userCtx"] == {"name": None, "roles": []}
            assert client.get("/_all_dbs").status_code == 401
            wrong = client.post("/_session", json={"name": "admin", "password": "nix"})
            assert (wrong.status_code, wrong.json()["error"]) == (401, "unauthorized")
            right = client.post("/_session", data={"name": "admin", "password": "pass"})
            assert right.json()["name"] == "admin"
            assert "HttpOnly" in right.headers["set-cookie"]
            assert client.get("/_session").json()["userCtx"]["name"] == "admin"
            assert client.get("/_all_dbs").status_code == 200
            assert client.delete("/_session").json() == {"ok": True}
            assert client.get("/_all_dbs").status_code == 401
            assert client.post("/_session", content=b"x").status_code == 415
            assert client.post("/_session", json={"name": 1}).status_code == 400

    def test_who_may(self, server: Running, db: str) -> None:
        with server.client("phone") as phone, server.client("nobody") as nobody:
            assert phone.get(db).status_code == 403
            assert phone.get("/_all_dbs").status_code == 403
            assert phone.put("/mine").status_code == 403
            assert phone.get("/area-one").status_code == 200
            assert phone.put("/area-one").status_code == 412
            assert phone.delete("/area-one").status_code == 403
            assert phone.put("/area-one/_security", json={}).status_code == 403
            assert nobody.get(db).status_code == 401
        for path in (db, db + "/x", "/_all_dbs", "/_uuids", "/area-one/_changes"):
            assert httpx.get(server.url + path).json()["error"] == "unauthorized"

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/_design/x/_view/y"),
            ("GET", "/_changes?filter=x/y"),
        ],
    )
    def test_what_is_not_offered_says_so(self, told: Any, db: str, method: str, path: str) -> None:
        status, answer = told(method, db + path, {} if method == "POST" else None)
        assert (status, answer["error"]) == (501, "not_implemented")
        assert answer["reason"]

    @pytest.mark.parametrize(
        ("method", "path", "allow"),
        [
            ("PATCH", "/x", "DELETE,GET,HEAD,POST,PUT,COPY"),
            ("POST", "/x/a", "DELETE,GET,HEAD,PUT"),
            ("DELETE", "/_all_docs", "GET,HEAD,POST"),
            ("PUT", "/_bulk_docs", "POST"),
            ("PATCH", "", "DELETE,GET,HEAD,POST,PUT"),
        ],
    )
    def test_other_methods(self, http: httpx.Client, db: str, method: str, path: str, allow: str) -> None:
        answer = http.request(method, db + path, json={})
        assert (answer.status_code, answer.headers["allow"]) == (405, allow)
        assert answer.json() == {"error": "method_not_allowed", "reason": f"Only {allow} allowed"}

    @pytest.mark.parametrize("name", ["/Upper", "/1x", "/a.b", "/%2Fa", "/%E8%BF%9B"])
    def test_bad_database_names(self, told: Any, name: str) -> None:
        assert told("PUT", name)[1]["error"] == "illegal_database_name"

    def test_names_of_databases(self, told: Any, http: httpx.Client) -> None:
        assert told("PUT", "/" + "x" * 239)[1]["error"] == "database_name_too_long"
        for name in ("/" + "x" * 238, "/a_$()+-%2Fb%2F1"):
            made = http.put(name)
            assert (made.status_code, made.headers["location"]) == (201, name.replace("$()+", "%24%28%29%2B"))
            assert told("PUT", name)[1]["error"] == "file_exists"
            stored = http.put(name + "/x%2Fy", json={"n": 1})
            assert stored.headers["location"] == made.headers["location"] + "/x%2Fy"
            assert told("GET", name + "/x%2Fy")[1]["n"] == 1
            assert http.put(f"{name}/x%2Fy/a?rev={stored.json()['rev']}", content=b"a").status_code == 201
            assert told("GET", name)[1]["db_name"] == unquote(name[1:])
            assert unquote(name[1:]) in told("GET", "/_all_dbs")[1]
            assert told("DELETE", name) == (200, {"ok": True})

    def test_sizes(self, told: Any, db: str) -> None:
        assert told("GET", db)[1]["sizes"] == {"file": 0, "external": 0, "active": 0}
        told("PUT", db + "/x", {"a": 1})
        told("PUT", db + "/x/a?rev=" + told("GET", db + "/x")[1]["_rev"], content=b"hello")
        sizes = told("GET", db)[1]["sizes"]
        assert (sizes["active"], sizes["external"]) == (7 + 7 + 5, 7 + 7 + 5)
        assert sizes["file"] > 0


class TestDocuments:
    @pytest.mark.parametrize(
        "id_",
        [
            "x",
            "a/b",
            "a%2Fb",
            "a+b",
            "a b",
            "household:d-0101:501",
            "进百家门",
            "_design/x",
            "a//b",
            "/a",
            "a/",
            "?&=#",
            "é\u0301",
        ],
    )
    def test_every_id_comes_back(self, http: httpx.Client, db: str, id_: str) -> None:
        path = f"{db}/{quote(id_, safe='')}"
        rev = put(http, path, {"of": id_})
        assert http.get(path).json() == {"_id": id_, "_rev": rev, "of": id_}
        assert http.get(db + "/_all_docs").json()["rows"][0]["id"] == id_
        answer = http.put(f"{path}/a%2Fb.txt?rev={rev}", content=b"hello", headers={"content-type": "text/plain"})
        assert answer.status_code == 201
        assert http.get(f"{path}/a/b.txt").text == "hello"
        assert http.delete(path, params={"rev": answer.json()["rev"]}).status_code == 200

    def test_edit_conflict_delete(self, told: Any, http: httpx.Client, db: str) -> None:
        first = put(http, db + "/x", {"a": 1})
        conflict = (409, {"error": "conflict", "reason": "Document update conflict."})
        assert told("PUT", db + "/x", {"a": 2}) == conflict
        second = put(http, db + "/x", {"a": 2}, rev=first)
        assert told("DELETE", db + "/x") == conflict
        assert told("DELETE", f"{db}/x?rev={first}") == conflict
        assert told("PUT", db + "/x", {"_rev": first}, params={"rev": second})[0] == 400
        third = http.put(db + "/x", json={"a": 3}, headers={"if-match": f'"{second}"'}).json()["rev"]
        assert told("GET", f"{db}/x?rev={first}")[1] == {"_id": "x", "_rev": first, "a": 1}
        status, gone = told("DELETE", f"{db}/x?rev={third}")
        assert (status, gone["ok"]) == (200, True)
        assert told("GET", db + "/x") == (404, {"error": "not_found", "reason": "deleted"})
        assert told("GET", f"{db}/x?rev={gone['rev']}")[1] == {"_id": "x", "_rev": gone["rev"], "_deleted": True}
        assert told("DELETE", db + "/nix") == (404, {"error": "not_found", "reason": "missing"})
        assert put(http, db + "/x", {"a": 4}).startswith("5-")

    def test_without_an_id(self, told: Any, db: str) -> None:
        status, made = told("POST", db, {"a": 1})
        assert (status, len(made["id"])) == (201, 32)
        assert told("POST", db, {"_id": "x"})[1]["id"] == "x"
        assert told("POST", db, content=b"{}")[0] == 415

    def test_numbers_and_text_come_back_as_they_went(self, http: httpx.Client, db: str) -> None:
        text = b'{"z":12345678901234567890123,"a":1.10,"e":1E5,"m":-0,"s":"\\u4e2d","n":{ "k" : [1.0] }}'
        http.put(db + "/x", content=text)
        assert text[1:] in http.get(db + "/x").content
        http.post(db + "/_bulk_docs", content=b'{"docs":[{"_id":"y",%b]}' % text[1:], headers=JSON)
        for path in ("/y", "/_all_docs?include_docs=true", "/_changes?include_docs=true"):
            assert text[1:] in http.get(db + path).content
        answer = http.post(db + "/_bulk_get", json={"docs": [{"id": "y"}]})
        assert text[1:] in answer.content

    @pytest.mark.parametrize(
        ("path", "body", "status", "error"),
        [
            ("/x", b"{", 400, "bad_request"),
            ("/x", b"[]", 400, "bad_request"),
            ("/x", b'{"a":NaN}', 400, "bad_request"),
            ("/x", b'{"a":"\\ud800"}', 400, "bad_request"),
            ("/x", b"", 400, "bad_request"),
            ("/x", b'{"_id":"y"}', 400, "bad_request"),
            ("/_x", b"{}", 400, "illegal_docid"),
            ("/x", b'{"_nix":1}', 400, "doc_validation"),
            ("/x", b'{"_rev":"nix"}', 400, "bad_request"),
            ("/x?rev=nix", b"{}", 400, "bad_request"),
            ("/x?new_edits=false", b"{}", 400, "bad_request"),
            ("/x", b'{"_attachments":{"a":{"stub":true}}}', 412, "missing_stub"),
            ("/x", b'{"a":"' + b"0" * 100_000 + b'"}', 413, "document_too_large"),
            ("/x", b'"' + b"0" * 2_000_000 + b'"', 413, "too_large"),
            ("/" + "x" * 513, b"{}", 400, "illegal_docid"),
            ("/%FF", b"{}", 400, "bad_request"),
        ],
    )
    def test_what_is_refused(
        self, http: httpx.Client, db: str, path: str, body: bytes, status: int, error: str
    ) -> None:
        answer = http.put(db + path, content=body)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert answer.json()["reason"]
        assert http.get(db).json()["update_seq"] == "0"

    def test_etags_and_head(self, http: httpx.Client, db: str) -> None:
        rev = put(http, db + "/x", {"a": 1})
        head = http.head(db + "/x")
        assert (head.status_code, head.headers["etag"], head.content) == (200, f'"{rev}"', b"")
        assert int(head.headers["content-length"]) == len(http.get(db + "/x").content)
        assert http.get(db + "/x", headers={"if-none-match": f'"{rev}"'}).status_code == 304
        assert http.get(db + "/x", headers={"if-none-match": '"1-old"'}).status_code == 200
        assert http.head(db).status_code == 200
        assert http.head(db + "/nix").status_code == 404

    def test_conflicts_and_histories(self, told: Any, db: str) -> None:
        docs = [
            {"_id": "x", "_rev": "2-b", "_revisions": {"start": 2, "ids": ["b", "a"]}},
            {"_id": "x", "_rev": "2-c", "_revisions": {"start": 2, "ids": ["c", "a"]}},
            {"_id": "x", "_rev": "2-d", "_revisions": {"start": 2, "ids": ["d", "a"]}, "_deleted": True},
        ]
        assert told("POST", db + "/_bulk_docs", {"docs": docs, "new_edits": False}) == (201, [])
        got = told("GET", db + "/x?conflicts=true&deleted_conflicts=true&revs=true&revs_info=true&local_seq=true")[1]
        assert (got["_rev"], got["_conflicts"], got["_deleted_conflicts"]) == ("2-c", ["2-b"], ["2-d"])
        assert got["_revisions"] == {"start": 2, "ids": ["c", "a"]}
        assert got["_revs_info"] == [{"rev": "2-c", "status": "available"}, {"rev": "1-a", "status": "missing"}]
        assert got["_local_seq"] == 3
        leaves = told("GET", db + "/x?open_revs=all")[1]
        assert [each["ok"]["_rev"] for each in leaves] == ["2-c", "2-b", "2-d"]
        some = told("GET", db + '/x?open_revs=["2-b","9-z"]&revs=true')[1]
        assert [some[0]["ok"]["_rev"], some[1]] == ["2-b", {"missing": "9-z"}]
        latest = told("GET", db + '/x?open_revs=["1-a"]&latest=true')[1]
        assert {each["ok"]["_rev"] for each in latest} == {"2-c", "2-b", "2-d"}
        assert told("GET", db + "/x?rev=1-a&latest=true")[1]["_rev"] == "2-c"
        assert told("GET", db + "/nix?open_revs=all")[0] == 404
        changes = told("GET", db + "/_changes?style=all_docs")[1]["results"]
        assert changes == [{"seq": "3", "id": "x", "changes": [{"rev": "2-c"}, {"rev": "2-b"}, {"rev": "2-d"}]}]


class TestBulk:
    def test_edits(self, told: Any, db: str) -> None:
        status, answer = told("POST", db + "/_bulk_docs", {"docs": [{"_id": "x"}, {"a": 1}, {"_id": "x"}]})
        assert status == 201
        assert [each.get("ok", each.get("error")) for each in answer] == [True, True, "conflict"]
        assert answer[2]["id"] == "x"

    @pytest.mark.parametrize(
        ("body", "status", "error"),
        [
            (b"{}", 400, "bad_request"),
            (b"[]", 400, "bad_request"),
            (b'{"docs":{}}', 400, "bad_request"),
            (b'{"docs":[1]}', 400, "bad_request"),
            (b'{"docs":[{"_id":"_x"}]}', 400, "illegal_docid"),
            (b'{"docs":[],"new_edits":1}', 400, "bad_request"),
            (b'{"docs":[{"_id":"x"}],"new_edits":false}', 400, "bad_request"),
            (b'{"docs":[{"_rev":"1-a"}],"new_edits":false}', 400, "illegal_docid"),
            (b'{"docs":[' + b",".join([b"{}"] * 601) + b"]}", 413, "too_large"),
        ],
    )
    def test_what_is_refused(self, http: httpx.Client, db: str, body: bytes, status: int, error: str) -> None:
        answer = http.post(db + "/_bulk_docs", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert http.post(db + "/_bulk_docs", content=b'{"docs":[]}').status_code == 415

    def test_differences(self, told: Any, db: str) -> None:
        doc = {"_id": "x", "_rev": "2-b", "_revisions": {"start": 2, "ids": ["b", "a"]}}
        told("POST", db + "/_bulk_docs", {"docs": [doc], "new_edits": False})
        asked = {"x": ["2-b", "1-a", "3-c"], "y": ["1-a"], "z": ["1-z"]}
        assert told("POST", db + "/_revs_diff", asked) == (
            200,
            {
                "x": {"missing": ["3-c"], "possible_ancestors": ["2-b"]},
                "y": {"missing": ["1-a"]},
                "z": {"missing": ["1-z"]},
            },
        )
        assert told("POST", db + "/_missing_revs", {"x": ["2-b", "3-c"]})[1] == {"missing_revs": {"x": ["3-c"]}}
        for bad in ({"x": "1-a"}, {"x": ["nix"]}, [], {"x": [1]}):
            assert told("POST", db + "/_revs_diff", bad)[0] == 400

    def test_bulk_get_is_in_the_order_asked(self, told: Any, http: httpx.Client, db: str) -> None:
        rev = put(http, db + "/x", {"a": 1})
        docs = [{"id": "nix", "rev": "1-a"}, {"id": "x", "rev": rev}, {"id": "x"}, {"id": "x", "rev": "9-z"}]
        status, answer = told("POST", db + "/_bulk_get?revs=true&latest=true", {"docs": docs})
        assert (status, list(answer)) == (200, ["results"])
        assert [each["id"] for each in answer["results"]] == ["nix", "x", "x", "x"]
        missing, one, all_, old = (each["docs"] for each in answer["results"])
        assert missing == [{"error": {"id": "nix", "rev": "1-a", "error": "not_found", "reason": "missing"}}]
        assert one[0]["ok"]["_revisions"] == {"start": 1, "ids": [rev[2:]]}
        assert one == all_
        assert old[0]["error"]["rev"] == "9-z"
        for bad in ({}, {"docs": {}}, []):
            assert told("POST", db + "/_bulk_get", bad)[0] == 400
        for refused in ("rev=1-a", 'atts_since=["1-a"]', "open_revs=all", "new_edits=false", "w=1"):
            assert told("POST", f"{db}/_bulk_get?{refused}", {"docs": []})[0] == 400

    def test_bulk_get_tells_for_each_what_is_wrong_with_it(self, told: Any, http: httpx.Client, db: str) -> None:
        rev = put(http, db + "/x")
        wrong: list[tuple[Any, Any]] = [
            (1, "document must be a JSON object"),
            ({}, "document must be a JSON object"),
            ({"rev": "1-a"}, "document id missed"),
            ({"id": "x", "rev": "nix"}, "Invalid rev format"),
            ({"id": "x", "rev": 1}, "Invalid rev format"),
            ({"id": "x", "atts_since": ["nix"]}, "Invalid rev format"),
            ({"id": "x", "atts_since": 1}, "att_since value must be array of revs."),
            ({"id": ""}, "Document id must not be empty"),
            ({"id": 1}, "Document id must be a string"),
        ]
        docs = [*(doc for doc, _ in wrong), {"id": "x", "rev": rev}]
        status, answer = told("POST", db + "/_bulk_get", {"docs": docs})
        assert status == 200
        *failed, last = (each["docs"][0] for each in answer["results"])
        assert [each["error"]["reason"] for each in failed] == [reason for _, reason in wrong]
        assert last["ok"]["_id"] == "x"
        parts = http.post(db + "/_bulk_get", json={"docs": docs}, headers={"accept": "multipart/mixed"})
        assert parts.text.count('error="true"') == len(wrong)

    def test_listings(self, told: Any, http: httpx.Client, db: str) -> None:
        revs = {id_: put(http, f"{db}/{id_}", {"of": id_}) for id_ in "abc"}
        http.delete(f"{db}/b", params={"rev": revs["b"]})

        def ids(query: str, body: Any = None) -> list[str]:
            status, answer = told("GET" if body is None else "POST", db + "/_all_docs" + query, body)
            assert status == 200
            assert answer["total_rows"] == 2
            return [row.get("id", row.get("error")) for row in answer["rows"]]

        assert ids("") == ["a", "c"]
        assert ids('?startkey="b"') == ids('?key="c"') == ids("?skip=1") == ["c"]
        assert ids('?endkey="c"&inclusive_end=false') == ids("?limit=1") == ["a"]
        assert ids("?descending=true") == ["c", "a"]
        assert ids("", {"keys": ["c", "nix", "b"]}) == ["c", "not_found", "b"]
        assert ids('?keys=["a"]&include_docs=true') == ids("", {"startkey": "a", "limit": 1}) == ["a"]
        rows = told("POST", db + "/_all_docs?include_docs=true", {"keys": ["a", "b"]})[1]["rows"]
        assert rows[0]["doc"] == {"_id": "a", "_rev": revs["a"], "of": "a"}
        assert (rows[1]["value"]["deleted"], rows[1]["doc"]) == (True, None)
        assert told("GET", db + "/_all_docs?update_seq=true&limit=0")[1]["update_seq"] == "4"
        for bad in ("?limit=x", "?startkey=x", "?keys=1", "?descending=1"):
            assert told("GET", db + "/_all_docs" + bad)[0] == 400


class TestAttachments:
    def test_inline_stub_and_alone(self, told: Any, http: httpx.Client, db: str) -> None:
        rev = put(http, db + "/x", {"_attachments": HELLO})
        stub = told("GET", db + "/x")[1]["_attachments"]["a.txt"]
        digest = "md5-XUFAKrxLKna5cZ2REBfFkg=="
        assert stub == {"content_type": "text/plain", "revpos": 1, "digest": digest, "length": 5, "stub": True}
        got = http.get(db + "/x/a.txt")
        assert (got.text, got.headers["content-type"], got.headers["content-length"]) == ("hello", "text/plain", "5")
        assert got.headers["etag"] == f'"{digest[4:]}"'
        assert "sandbox" in got.headers["content-security-policy"]
        assert http.get(db + "/x/a.txt", headers={"if-none-match": got.headers["etag"]}).status_code == 304
        kept = put(http, db + "/x", {"_rev": rev, "_attachments": {"a.txt": {"stub": True, "digest": digest}}})
        data = told("GET", db + "/x?attachments=true")[1]["_attachments"]["a.txt"]["data"]
        assert data == HELLO["a.txt"]["data"]
        more = http.put(f"{db}/x/b?rev={kept}", content=b"png", headers={"content-type": "image/png"}).json()
        assert set(told("GET", db + "/x")[1]["_attachments"]) == {"a.txt", "b"}
        assert http.put(db + "/x/b", content=b"").status_code == 409
        last = http.delete(f"{db}/x/a.txt?rev={more['rev']}").json()
        assert last["ok"]
        assert told("GET", db + "/x/a.txt") == (404, {"error": "not_found", "reason": "Document is missing attachment"})
        assert http.get(f"{db}/x/a.txt?rev={rev}").text == "hello"
        assert http.put(db + "/made/a", content=b"x").status_code == 201
        assert http.head(db + "/made/a").headers["content-length"] == "1"

    def test_great_ones_stream_and_too_great_ones_are_refused(self, http: httpx.Client, db: str) -> None:
        content = bytes(range(256)) * 12_000
        assert http.put(db + "/x/a", content=content).status_code == 201
        assert http.get(db + "/x/a").content == content
        assert http.put(db + "/y/a", content=bytes(4_000_001)).status_code == 413

        def endless() -> Any:
            while True:
                yield bytes(100_000)

        with pytest.raises(httpx.HTTPError):  # the server answers 413 and hangs up; which of the two is seen is a race
            http.put(db + "/y/a", content=endless()).raise_for_status()
        assert http.get(db + "/y").status_code == 404


class TestLocal:
    def test_a_checkpoint(self, told: Any, db: str) -> None:
        path = db + "/_local/a%2Fb"
        assert told("GET", path) == (404, {"error": "not_found", "reason": "missing"})
        assert told("PUT", path, {"last_seq": 1}) == (201, {"ok": True, "id": "_local/a/b", "rev": "0-1"})
        assert told("PUT", path, {"last_seq": 2})[0] == 409
        assert told("PUT", path, {"_id": "_local/a/b", "_rev": "0-1", "last_seq": 2})[1]["rev"] == "0-2"
        assert told("GET", path)[1] == {"_id": "_local/a/b", "_rev": "0-2", "last_seq": 2}
        assert told("GET", db + "/_local_docs")[1]["rows"][0]["id"] == "_local/a/b"
        assert told("GET", db)[1]["update_seq"] == "0"
        assert told("DELETE", path + "?rev=0-1")[0] == 409
        assert told("DELETE", path + "?rev=0-2")[0] == 200
        assert told("PUT", db + "/_local/", {})[0] == 400


def test_answers_are_json_with_the_protocols_content_type(http: httpx.Client, db: str) -> None:
    for path in (db, db + "/nix", db + "/_changes", "/", "/_nix/x/y"):
        answer = http.get(path)
        assert answer.headers["content-type"] == "application/json"
        orjson.loads(answer.content)
