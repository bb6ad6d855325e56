"""Mango through HTTP: queries, indexes, explanations, and change feeds filtered by a selector."""

import json
from typing import Any, ClassVar

import httpx
import pytest

from sync.http import find
from sync.mango import search
from tests.protocol.serve import Running

NO_INDEX = "No matching index found, create an index to optimize query time."
PEOPLE = [
    {"_id": f"p{n:03}", "n": n, "name": name, "age": 10 * (n % 7), "door": {"unit": n % 3, "no": str(100 + n)}}
    for n, name in enumerate(["陈", "Bob", "李", "alice", "ärger", "zoe", "Zoe", "王", "bob", "进"])
]


@pytest.fixture
def people(http: httpx.Client, db: str) -> str:
    docs = [*PEOPLE, {"_id": "_design/x", "n": 1}, {"_id": "none", "other": 1}]
    assert all("rev" in each for each in http.post(f"{db}/_bulk_docs", json={"docs": docs}).json())
    return db


def ids(answer: Any) -> list[str]:
    return [doc["_id"] for doc in answer["docs"]]


class TestFind:
    def test_without_an_index_in_the_order_of_ids_with_a_warning(self, told: Any, people: str) -> None:
        status, answer = told("POST", f"{people}/_find", {"selector": {"n": {"$gte": 8}}})
        assert (status, ids(answer)) == (200, ["p008", "p009"])
        assert answer["docs"][0].keys() == {"_id", "_rev", "n", "name", "age", "door"}
        assert answer["warning"] == NO_INDEX
        assert ids(told("POST", f"{people}/_find", {"selector": {}})[1])[-1] == "p009"
        assert "_design/x" not in ids(told("POST", f"{people}/_find", {"selector": {"_id": {"$gt": None}}})[1])

    @pytest.mark.parametrize(
        ("selector", "found"),
        [
            ({"_id": {"$gt": "p007"}}, ["p008", "p009"]),
            ({"_id": {"$gte": "p008", "$lt": "p009"}}, ["p008"]),
            ({"_id": "p003"}, ["p003"]),
            ({"_id": {"$in": ["p001", "x"]}}, ["p001"]),
            ({"name": {"$regex": "^[Zz]oe$"}}, ["p005", "p006"]),
            ({"door.unit": 0, "door.no": {"$gt": "105"}}, ["p006", "p009"]),
            ({"name": {"$gt": "王"}}, ["p009", "p000"]),
            ({"n": {"$exists": False}}, ["none"]),
            ({"$or": []}, []),
            ({"$and": []}, []),
        ],
    )
    def test_selectors(self, told: Any, people: str, selector: object, found: list[str]) -> None:
        assert sorted(ids(told("POST", f"{people}/_find", {"selector": selector})[1])) == sorted(found)

    def test_limit_skip_and_bookmarks(self, told: Any, people: str) -> None:
        asked: dict[str, Any] = {"selector": {"n": {"$gt": 0}}, "limit": 4}
        seen: list[str] = []
        while True:
            _, answer = told("POST", f"{people}/_find", asked)
            if not answer["docs"]:
                break
            seen += ids(answer)
            asked["bookmark"] = answer["bookmark"]
        assert seen == [f"p{n:03}" for n in range(1, 10)]
        assert answer["bookmark"] == asked["bookmark"]
        _, answer = told("POST", f"{people}/_find", {"selector": {"n": {"$gt": 0}}, "skip": 7})
        assert ids(answer) == ["p008", "p009"]
        _, answer = told("POST", f"{people}/_find", {"selector": {"n": {"$gt": 0}}, "limit": 0})
        assert (ids(answer), answer["bookmark"]) == ([], "nil")

    def test_many_documents_in_pieces(self, http: httpx.Client, told: Any, db: str) -> None:
        for start in range(0, 1500, 500):
            docs = [{"_id": f"{n:05}", "n": -n, "x": "字" * 50} for n in range(start, start + 500)]
            assert http.post(f"{db}/_bulk_docs", json={"docs": docs}).status_code == 201
        http.post(f"{db}/_index", json={"index": {"fields": ["n"]}})
        everything = [f"{n:05}" for n in range(1500)]
        _, answer = told("POST", f"{db}/_find", {"selector": {"x": {"$ne": 1}}, "limit": 2000, "fields": ["_id"]})
        assert ids(answer) == everything
        asked = {"selector": {"n": {"$lte": 0}}, "sort": ["n"], "limit": 700, "fields": ["_id"]}
        seen: list[str] = []
        for _ in range(3):
            _, answer = told("POST", f"{db}/_find", asked)
            seen += ids(answer)
            asked["bookmark"] = answer["bookmark"]
        assert seen == everything[::-1]

    def test_sorted_by_an_index(self, told: Any, people: str) -> None:
        asked = {"selector": {"name": {"$gt": None}}, "sort": ["name"], "fields": ["name"]}
        status, answer = told("POST", f"{people}/_find", asked)
        assert (status, answer["error"]) == (400, "no_usable_index")
        assert answer["reason"] == "No index exists for this sort, try indexing by the sort fields."
        assert told("POST", f"{people}/_index", {"index": {"fields": ["name"]}, "name": "by-name"})[0] == 200
        inorder = ["alice", "ärger", "bob", "Bob", "zoe", "Zoe", "李", "王", "进", "陈"]
        _, answer = told("POST", f"{people}/_find", asked)
        assert [doc["name"] for doc in answer["docs"]] == inorder
        assert "warning" not in answer
        _, answer = told("POST", f"{people}/_find", {**asked, "sort": [{"name": "desc"}], "limit": 3, "skip": 1})
        assert [doc["name"] for doc in answer["docs"]] == inorder[::-1][1:4]
        more = {**asked, "sort": [{"name": "desc"}], "limit": 3, "bookmark": answer["bookmark"]}
        assert [doc["name"] for doc in told("POST", f"{people}/_find", more)[1]["docs"]] == inorder[::-1][4:7]

    def test_sorted_by_id(self, told: Any, people: str) -> None:
        asked = {"selector": {"_id": {"$gt": "p004"}, "n": {"$ne": 7}}, "sort": [{"_id": "desc"}], "limit": 3}
        _, answer = told("POST", f"{people}/_find", asked)
        assert ids(answer) == ["p009", "p008", "p006"]
        _, answer = told("POST", f"{people}/_find", {**asked, "bookmark": answer["bookmark"]})
        assert ids(answer) == ["p005"]

    def test_a_field_that_the_selector_fixes_comes_before_the_sort(self, told: Any, people: str) -> None:
        told("POST", f"{people}/_index", {"index": {"fields": ["door.unit", "name"]}})
        asked = {"selector": {"door": {"unit": 0}, "name": {"$gt": None}}, "sort": ["name"]}
        asked["selector"] = {"door.unit": 0, "name": {"$gt": None}}
        assert ids(told("POST", f"{people}/_find", asked)[1]) == ["p003", "p006", "p009", "p000"]

    def test_fields(self, http: httpx.Client, told: Any, db: str) -> None:
        http.put(f"{db}/a", content=b'{"n":1.10,"big":123456789012345678901234,"at":{"x":1E5,"y":2},"l":[{"z":3}]}')
        asked = {"selector": {"_id": "a"}, "fields": ["n", "big", "at.x", "l.0.z", "nix", "at.nix"]}
        answer = http.post(f"{db}/_find", json=asked)
        assert '{"n":1.10,"big":123456789012345678901234,"at":{"x":1E5},"l":{"0":{"z":3}}}' in answer.text
        assert told("POST", f"{db}/_find", {**asked, "fields": []})[1]["docs"][0]["_id"] == "a"

    def test_conflicts_and_statistics(self, http: httpx.Client, told: Any, db: str) -> None:
        docs = [{"_id": "a", "_rev": "1-a", "x": 1}, {"_id": "a", "_rev": "1-b", "x": 2}]
        http.post(f"{db}/_bulk_docs", json={"docs": docs, "new_edits": False})
        asked = {"selector": {"_conflicts": {"$exists": True}}, "conflicts": True, "execution_stats": True}
        _, answer = told("POST", f"{db}/_find", asked)
        assert answer["docs"][0]["_conflicts"] == ["1-a"]
        stats = answer["execution_stats"]
        assert (stats["total_docs_examined"], stats["results_returned"]) == (1, 1)
        assert stats["execution_time_ms"] > 0
        assert told("POST", f"{db}/_find", {"selector": {"_conflicts": {"$exists": True}}})[1]["docs"] == []

    def test_many_read_for_few_found_is_said(self, http: httpx.Client, told: Any, db: str) -> None:
        http.post(f"{db}/_bulk_docs", json={"docs": [{"n": n} for n in range(30)]})
        _, answer = told("POST", f"{db}/_find", {"selector": {"n": 3}})
        assert answer["warning"].startswith(NO_INDEX + "\nThe number of documents examined is high")

    def test_deleted_documents_are_not_found(self, http: httpx.Client, told: Any, people: str) -> None:
        rev = http.get(f"{people}/p001").json()["_rev"]
        assert http.delete(f"{people}/p001", params={"rev": rev}).status_code == 200
        assert ids(told("POST", f"{people}/_find", {"selector": {"n": 1}})[1]) == []

    @pytest.mark.parametrize(
        ("asked", "word"),
        [
            ({}, "missing_required_key"),
            ({"selector": 1}, "invalid_selector_json"),
            ({"selector": {"a": {"$in": 1}}}, "bad_arg"),
            ({"selector": {"a": {"$foo": 1}}}, "invalid_operator"),
            ({"selector": {}, "limit": -1}, "invalid_non_neg_integer"),
            ({"selector": {}, "limit": "5"}, "invalid_non_neg_integer"),
            ({"selector": {}, "skip": 1.5}, "invalid_non_neg_integer"),
            ({"selector": {}, "r": 0}, "invalid_pos_integer"),
            ({"selector": {}, "conflicts": 1}, "invalid_boolean"),
            ({"selector": {}, "sort": "a"}, "invalid_sort_json"),
            ({"selector": {}, "sort": [1]}, "invalid_sort_field"),
            ({"selector": {}, "sort": [{"a": "up"}]}, "invalid_sort_dir"),
            ({"selector": {}, "sort": [{"a": "asc"}, {"b": "desc"}]}, "unsupported_mixed_sort"),
            ({"selector": {}, "fields": "a"}, "invalid_fields"),
            ({"selector": {}, "fields": [1]}, "invalid_field"),
            ({"selector": {}, "bookmark": "nonsense"}, "invalid_bookmark"),
            ({"selector": {}, "use_index": 5}, "invalid_index_name"),
            ({"selector": {}, "nix": 5}, "invalid_key"),
            ({"selector": {"$text": "a"}}, "not_implemented"),
        ],
    )
    def test_mistakes_have_couchdbs_words(self, told: Any, db: str, asked: object, word: str) -> None:
        status, answer = told("POST", f"{db}/_find", asked)
        assert (status, answer["error"]) == (501 if word == "not_implemented" else 400, word)
        assert answer["reason"]
        assert told("POST", f"{db}/_explain", asked)[1]["error"] == word

    def test_methods_and_missing_databases(self, http: httpx.Client, told: Any, db: str) -> None:
        assert http.get(f"{db}/_find").status_code == 405
        assert http.get(f"{db}/_explain").status_code == 405
        assert told("POST", "/nowhere/_find", {"selector": {}})[0] == 404
        assert http.post(f"{db}/_find", content=b"{}").status_code == 415
        assert told("GET", f"{db}/_index/x")[0] == 404


class TestIndexes:
    def test_created_listed_and_deleted(self, http: httpx.Client, told: Any, db: str) -> None:
        special = {
            "ddoc": None,
            "name": "_all_docs",
            "type": "special",
            "partitioned": False,
            "def": {"fields": [{"_id": "asc"}]},
        }
        assert told("GET", f"{db}/_index") == (200, {"total_rows": 1, "indexes": [special]})
        asked = {"index": {"fields": ["a", {"b": "asc"}]}, "name": "ab", "ddoc": "mine", "type": "json"}
        created = {"result": "created", "id": "_design/mine", "name": "ab"}
        assert told("POST", f"{db}/_index", asked) == (200, created)
        assert told("POST", f"{db}/_index", asked) == (200, {**created, "result": "exists"})
        _, listed = told("GET", f"{db}/_index")
        assert listed["indexes"][1] == {
            "ddoc": "_design/mine",
            "name": "ab",
            "type": "json",
            "partitioned": False,
            "def": {"fields": [{"a": "asc"}, {"b": "asc"}]},
        }
        design = http.get(f"{db}/_design/mine").json()
        assert design["language"] == "query"
        assert design["views"]["ab"]["map"]["fields"] == {"a": "asc", "b": "asc"}
        assert design["views"]["ab"]["reduce"] == "_count"
        told("POST", f"{db}/_index", {**asked, "name": "second"})
        assert told("GET", f"{db}/_index?limit=1&skip=1")[1]["indexes"][0]["name"] == "ab"
        assert told("DELETE", f"{db}/_index/_design/mine/json/ab") == (200, {"ok": True})
        assert told("DELETE", f"{db}/_index/mine/json/ab")[0] == 404
        assert told("DELETE", f"{db}/_index/_design%2Fmine/json/second") == (200, {"ok": True})
        assert http.get(f"{db}/_design/mine").status_code == 404
        assert told("POST", f"{db}/_index", asked) == (200, created)

    def test_one_without_a_name_gets_the_same_one_each_time(self, told: Any, db: str) -> None:
        _, first = told("POST", f"{db}/_index", {"index": {"fields": ["a"]}})
        _, again = told("POST", f"{db}/_index", {"index": {"fields": ["a"]}})
        _, other = told("POST", f"{db}/_index", {"index": {"fields": ["a", "b"]}})
        assert (first["result"], again["result"], other["result"]) == ("created", "exists", "created")
        assert first["id"] == again["id"] == "_design/" + first["name"] != other["id"]

    def test_bulk_delete(self, told: Any, db: str) -> None:
        for name in ("a", "b"):
            told("POST", f"{db}/_index", {"index": {"fields": [name]}, "ddoc": name})
        status, answer = told("POST", f"{db}/_index/_bulk_delete", {"docids": ["_design/a", "nix", "b"]})
        assert status == 200
        assert answer["success"] == [{"id": "_design/a", "ok": True}, {"id": "_design/b", "ok": True}]
        assert answer["fail"] == [{"id": "_design/nix", "error": "not_found"}]
        assert told("POST", f"{db}/_index/_bulk_delete", {"docids": 1})[1]["error"] == "invalid_bulk_docs"

    @pytest.mark.parametrize(
        ("asked", "status", "word"),
        [
            ({}, 400, "missing_required_key"),
            ({"index": 1}, 400, "invalid_index"),
            ({"index": {}}, 400, "missing_required_key"),
            ({"index": {"fields": []}}, 400, "invalid_index"),
            ({"index": {"fields": "a"}}, 400, "invalid_sort_json"),
            ({"index": {"fields": ["a"]}, "type": "geo"}, 400, "invalid_index"),
            ({"index": {"fields": ["a"]}, "ddoc": 1}, 400, "invalid_string"),
            ({"index": {"fields": ["a"], "partial_filter_selector": {"a": {"$x": 1}}}}, 400, "invalid_operator"),
            ({"index": {"fields": ["a"]}, "nix": 1}, 400, "invalid_key"),
            ({"index": {"fields": ["a"]}, "type": "text"}, 501, "not_implemented"),
            ({"index": {}, "type": "nouveau"}, 501, "not_implemented"),
        ],
    )
    def test_what_is_no_index(self, told: Any, db: str, asked: object, status: int, word: str) -> None:
        told_status, answer = told("POST", f"{db}/_index", asked)
        assert (told_status, answer["error"]) == (status, word)

    def test_a_design_document_of_another_language_is_left_alone(self, http: httpx.Client, told: Any, db: str) -> None:
        http.put(f"{db}/_design/js", json={"views": {}, "language": "javascript"})
        asked = {"index": {"fields": ["a"]}, "ddoc": "js"}
        assert told("POST", f"{db}/_index", asked)[1]["error"] == "invalid_ddoc_lang"
        http.put(f"{db}/_design/odd", json={"views": {"x": {"map": 5}, "y": 1}, "language": "query"})
        assert told("GET", f"{db}/_index")[1]["total_rows"] == 1

    def test_a_partial_index_is_used_only_when_asked_for(self, told: Any, people: str) -> None:
        defined = {"fields": ["n"], "partial_filter_selector": {"age": {"$gt": 30}}}
        told("POST", f"{people}/_index", {"index": defined, "ddoc": "old", "name": "old"})
        asked = {"selector": {"n": {"$gte": 0}}, "use_index": "old"}
        _, answer = told("POST", f"{people}/_find", asked)
        assert ids(answer) == ["p004", "p005", "p006"]
        assert len(told("POST", f"{people}/_find", {"selector": asked["selector"]})[1]["docs"]) == 10

    def test_an_index_that_cannot_be_used_is_said(self, told: Any, people: str) -> None:
        told("POST", f"{people}/_index", {"index": {"fields": ["age"]}, "ddoc": "by", "name": "age"})
        asked = {"selector": {"n": {"$lt": 5}}, "use_index": ["by", "age"]}
        warning = "_design/by, age was not used because it is not a valid index for this query.\n" + NO_INDEX
        assert told("POST", f"{people}/_find", asked)[1]["warning"] == warning
        status, answer = told("POST", f"{people}/_find", {**asked, "allow_fallback": False})
        assert (status, answer["error"]) == (400, "no_usable_index")

    def test_explain(self, told: Any, people: str) -> None:
        told("POST", f"{people}/_index", {"index": {"fields": ["n", "age"]}, "ddoc": "wide", "name": "wide"})
        told("POST", f"{people}/_index", {"index": {"fields": ["n"]}, "ddoc": "narrow", "name": "narrow"})
        asked = {"selector": {"n": 1, "name": {"$not": {"$eq": "x"}}}, "limit": 5, "fields": ["n"]}
        status, answer = told("POST", f"{people}/_explain", asked)
        assert status == 200
        assert answer["dbname"] == people[1:]
        assert answer["index"]["name"] == "narrow"
        assert answer["selector"] == {"$and": [{"n": {"$eq": 1}}, {"name": {"$ne": "x"}}]}
        assert (answer["limit"], answer["skip"], answer["fields"]) == (5, 0, ["n"])
        reasons = {each["index"]["name"]: each["analysis"]["reasons"] for each in answer["index_candidates"]}
        assert reasons == {"_all_docs": [{"name": "unfavored_type"}], "wide": [{"name": "field_mismatch"}]}
        assert answer["selector_hints"][0]["indexable_fields"] == ["n"]
        _, answer = told("POST", f"{people}/_explain", {"selector": {"n": 1, "age": {"$gt": 5}}})
        assert answer["index"]["name"] == "wide"

    @pytest.mark.parametrize(
        ("selector", "start", "end"),
        [
            ({"n": 1, "age": {"$gt": 5}}, [1, 5], [1, "<MAX>"]),
            ({"n": {"$gte": 1, "$lt": 9}, "age": {"$lte": 5}}, [1], [9, "<MAX>"]),
            ({"n": {"$gt": None}, "age": {"$exists": True}}, [None], ["<MAX>"]),
            ({"n": {"$beginsWith": "a"}, "age": 1}, ["a"], ["a\uffff", "<MAX>"]),
            ({"n": {"$exists": True}, "age": 3}, [], ["<MAX>"]),
        ],
    )
    def test_the_range_of_an_index_is_explained(
        self, told: Any, people: str, selector: object, start: object, end: object
    ) -> None:
        told("POST", f"{people}/_index", {"index": {"fields": ["n", "age"]}, "ddoc": "wide", "name": "wide"})
        _, answer = told("POST", f"{people}/_explain", {"selector": selector, "use_index": "wide"})
        assert (answer["mrargs"]["start_key"], answer["mrargs"]["end_key"]) == (start, end)
        down = {"selector": selector, "sort": [{"n": "desc"}]}
        _, answer = told("POST", f"{people}/_explain", down)
        shown = answer["mrargs"]
        assert (shown["start_key"], shown["end_key"], shown["direction"]) == (end, start, "rev")

    def test_without_fallback_documents_are_not_read_through(self, told: Any, people: str) -> None:
        asked = {"selector": {"n": 1}, "allow_fallback": False}
        for route in ("_find", "_explain"):
            status, answer = told("POST", f"{people}/{route}", asked)
            assert (status, answer["error"]) == (400, "no_usable_index")
        told("POST", f"{people}/_index", {"index": {"fields": ["n"]}})
        assert ids(told("POST", f"{people}/_find", asked)[1]) == ["p001"]

    @pytest.mark.parametrize("update", [True, False, "lazy"])
    def test_an_update_may_wait(self, told: Any, people: str, update: object) -> None:
        told("POST", f"{people}/_index", {"index": {"fields": ["n"]}, "ddoc": "n"})
        asked = {"selector": {"n": {"$gt": 7}}, "r": 2, "stable": True}
        status, answer = told("POST", f"{people}/_find", {**asked, "update": update})
        assert (status, ids(answer)) == (200, ["p008", "p009"] if update is True else [])
        assert ids(told("POST", f"{people}/_find", asked)[1]) == ["p008", "p009"]
        assert told("POST", f"{people}/_find", {**asked, "update": "soon"})[1]["error"] == "invalid_boolean"


@pytest.fixture(scope="module")
def areas(server: Running) -> None:
    with server.client("phone") as phone:
        for area in ("east", "west"):
            docs = [{"_id": f"{area}{n}", "_rev": "1-a", "n": n, "area": area} for n in range(3)]
            told = phone.post(f"/area-{area}/_bulk_docs", json={"docs": docs, "new_edits": False})
            assert told.json() == []


class TestAreas:
    """Through an area's view only its own documents are found; indexes are the administrators'."""

    @pytest.mark.usefixtures("areas")
    def test_only_its_own(self, server: Running) -> None:
        with server.client("phone") as phone, server.client() as admin:
            asked: dict[str, Any] = {"selector": {"n": {"$gte": 0}}, "execution_stats": True}
            told = phone.post("/area-east/_find", json=asked).json()
            assert ids(told) == ["east0", "east1", "east2"]
            assert told["execution_stats"]["total_docs_examined"] == 3
            assert phone.post("/area-east/_find", json={"selector": {"_id": "west0"}}).json()["docs"] == []
            index = {"index": {"fields": ["n"]}, "ddoc": "n"}
            for method, path, body in (
                ("POST", "/_index", index),
                ("POST", "/_index/_bulk_delete", {"docids": ["n"]}),
                ("DELETE", "/_index/n/json/n", None),
            ):
                assert phone.request(method, "/area-east" + path, json=body).status_code == 403
            assert admin.post("/area-east/_index", json=index).json()["result"] == "created"
            told = phone.post("/area-east/_find", json={**asked, "sort": [{"n": "desc"}]}).json()
            assert ids(told) == ["east2", "east1", "east0"]
            place = phone.post("/area-west/_find", json={**asked, "sort": ["n"], "limit": 2}).json()["bookmark"]
            told = phone.post("/area-east/_find", json={**asked, "sort": ["n"], "bookmark": place}).json()
            assert ids(told) == ["east2"]
            assert admin.get("/areas/_design/n").status_code == 200
            assert phone.get("/area-east/_design/n").status_code == 404
            assert admin.delete(
                "/area-west/_index/n/json/" + phone.get("/area-west/_index").json()["indexes"][1]["name"]
            )

    @pytest.mark.usefixtures("areas")
    def test_a_filtered_feed_of_an_area(self, server: Running) -> None:
        with server.client("phone") as phone:
            told = phone.post("/area-west/_changes?filter=_selector", json={"selector": {"n": {"$gt": 0}}}).json()
            assert [row["id"] for row in told["results"]] == ["west1", "west2"]

    @pytest.mark.usefixtures("areas")
    def test_a_query_of_an_area_ends_after_so_many_documents(
        self, server: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with server.client("phone") as phone, server.client() as admin:
            docs = [{"_id": f"big{n:03}", "_rev": "1-a", "n": n, "area": "big"} for n in range(90)]
            phone.post("/area-big/_bulk_docs", json={"docs": docs, "new_edits": False})
            admin.post("/areas/_index", json={"index": {"fields": ["n"]}, "ddoc": "n", "name": "n"})
            for module in (search, find):
                monkeypatch.setattr(module, "EXAMINED", 40)
            asked: dict[str, Any] = {"selector": {"n": {"$gte": 60}}, "use_index": ["n", "n"]}
            told = phone.post("/area-big/_find", json=asked)
            assert (told.status_code, told.json()["error"]) == (413, "too_large")
            seen: list[str] = []
            asked = {"selector": {"n": {"$type": "number"}, "$or": [{"n": {"$gte": 60}}, {"x": 1}]}, "limit": 90}
            admin.delete("/areas/_index/n/json/n")
            for _ in range(3):
                told = phone.post("/area-big/_find", json=asked).json()
                seen += ids(told)
                asked["bookmark"] = told["bookmark"]
            assert seen == [f"big{n:03}" for n in range(60, 90)]
            first = phone.post("/area-big/_find", json={**asked, "bookmark": None}).json()
            assert (first["docs"], "looked at 20000" in first["warning"]) == ([], True)


class TestFeeds:
    SELECTOR: ClassVar = {"selector": {"n": {"$gte": 7}}}

    def test_normal(self, told: Any, people: str) -> None:
        status, answer = told("POST", f"{people}/_changes?filter=_selector&include_docs=true", self.SELECTOR)
        assert status == 200
        assert [row["doc"]["n"] for row in answer["results"]] == [7, 8, 9]
        _, info = told("GET", people)
        assert answer["last_seq"].partition("-")[0] == info["update_seq"].partition("-")[0]
        _, answer = told("POST", f"{people}/_changes?filter=_selector&limit=2", self.SELECTOR)
        assert [row["id"] for row in answer["results"]] == ["p007", "p008"]
        again = f"{people}/_changes?filter=_selector&since={answer['last_seq']}"
        assert [row["id"] for row in told("POST", again, self.SELECTOR)[1]["results"]] == ["p009"]
        _, answer = told("POST", f"{people}/_changes?filter=_selector&descending=true&limit=2", self.SELECTOR)
        assert [row["id"] for row in answer["results"]] == ["p009", "p008"]
        assert told("POST", f"{people}/_changes?filter=_selector&limit=0", self.SELECTOR)[1]["results"] == []

    def test_deleted_documents(self, http: httpx.Client, told: Any, people: str) -> None:
        rev = http.get(f"{people}/p001").json()["_rev"]
        http.delete(f"{people}/p001", params={"rev": rev})
        _, answer = told("POST", f"{people}/_changes?filter=_selector", {"selector": {"_deleted": True}})
        assert [row["id"] for row in answer["results"]] == ["p001"]
        assert answer["results"][0]["deleted"] is True

    def test_mistakes(self, told: Any, people: str) -> None:
        assert told("GET", f"{people}/_changes?filter=_selector")[1]["error"] == "bad_request"
        assert told("POST", f"{people}/_changes?filter=_selector", {})[0] == 400
        bad = {"selector": {"n": {"$in": 1}}}
        assert told("POST", f"{people}/_changes?filter=_selector", bad)[1]["error"] == "bad_arg"
        assert told("POST", f"{people}/_changes?filter=_selector&feed=continuous", bad)[1]["error"] == "bad_arg"

    @pytest.mark.parametrize("feed", ["longpoll", "continuous", "eventsource"])
    def test_waiting_feeds(self, http: httpx.Client, people: str, feed: str) -> None:
        path = f"{people}/_changes?filter=_selector&timeout=200&feed={feed}"
        text = http.post(path, json=self.SELECTOR).text
        assert [n for n in range(10) if f'"p00{n}"' in text] == [7, 8, 9]

    def test_a_long_poll_waits_for_what_matches(self, http: httpx.Client, server: Running, people: str) -> None:
        path = f"{people}/_changes?filter=_selector&feed=continuous&heartbeat=1000&since=now&limit=1"
        with http.stream("POST", path, json=self.SELECTOR, timeout=20) as feed, server.client() as other:
            lines = feed.iter_lines()
            other.put(f"{people}/low", json={"n": 1})
            other.put(f"{people}/high", json={"n": 70})
            rows = [json.loads(line) for line in lines if line]
        assert [row["id"] for row in rows if "id" in row] == ["high"]
