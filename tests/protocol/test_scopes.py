"""Through an area's database nothing of another area can be read, listed, guessed or changed."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from tests.protocol.serve import Running

SECRET: Final = "a secret of the other area"
ATTACHED: Final = {"a": {"content_type": "text/plain", "data": base64.b64encode(SECRET.encode()).decode()}}


@pytest.fixture(scope="module")
def phone(server: Running) -> Iterator[httpx.Client]:
    """One account that may open both areas; each request goes through one of them."""
    with server.client("phone") as client:
        mine = {"_id": "mine", "_rev": "1-aa", "note": "mine"}
        theirs = [
            {"_id": "theirs", "_rev": "1-bb", "note": SECRET, "_attachments": ATTACHED},
            {"_id": "gone", "_rev": "1-cc", "note": SECRET, "_deleted": True},
        ]
        for area, docs in (("one", [mine]), ("two", theirs)):
            answer = client.post(f"/area-{area}/_bulk_docs", json={"docs": docs, "new_edits": False})
            assert answer.json() == []
        yield client


READS: Final = [
    ("GET", "/theirs", None),
    ("HEAD", "/theirs", None),
    ("GET", "/theirs?rev=1-bb", None),
    ("GET", "/theirs?rev=1-bb&latest=true&revs=true&revs_info=true&conflicts=true", None),
    ("GET", "/theirs?open_revs=all", None),
    ("GET", '/theirs?open_revs=["1-bb"]&latest=true', None),
    ("GET", "/gone", None),
    ("GET", "/theirs/a", None),
    ("GET", "/theirs/a?rev=1-bb", None),
    ("HEAD", "/theirs/a", None),
    ("GET", "/_all_docs?include_docs=true&conflicts=true", None),
    ("GET", '/_all_docs?keys=["theirs","gone","nix"]&include_docs=true', None),
    ("POST", "/_all_docs?include_docs=true", {"keys": ["theirs", "gone"]}),
    ("GET", "/_changes?include_docs=true&style=all_docs", None),
    ("GET", "/_changes?feed=longpoll&since=999999&timeout=100", None),
    ("GET", "/_changes?feed=continuous&timeout=100&include_docs=true", None),
    ("GET", "/_changes?feed=eventsource&timeout=100&include_docs=true", None),
    ("POST", "/_changes?filter=_doc_ids&include_docs=true", {"doc_ids": ["theirs", "gone"]}),
    ("POST", "/_changes?filter=_selector&include_docs=true", {"selector": {"_id": {"$in": ["theirs", "gone"]}}}),
    ("POST", "/_find", {"selector": {"_id": "theirs"}}),
    ("POST", "/_find", {"selector": {"note": {"$ne": "mine"}}, "conflicts": True}),
    ("POST", "/_explain", {"selector": {"_id": "theirs"}}),
    ("GET", "/_index", None),
    ("POST", "/_bulk_get?revs=true&latest=true", {"docs": [{"id": "theirs", "rev": "1-bb"}, {"id": "gone"}]}),
    ("POST", "/_revs_diff", {"theirs": ["1-bb", "2-x"], "gone": ["1-cc"]}),
    ("POST", "/_missing_revs", {"theirs": ["1-bb", "2-x"]}),
    ("GET", "/_local_docs", None),
    ("GET", "/_local/theirs", None),
    ("GET", "/_local_docs?include_docs=true", None),
    ("GET", "", None),
    ("GET", "/theirs?attachments=true", None),
    ("GET", '/theirs?atts_since=["1-aa"]&att_encoding_info=true', None),
    ("GET", "/gone?rev=1-cc", None),
    ("GET", '/gone?open_revs=["1-cc"]', None),
    ("GET", "/_design_docs?include_docs=true", None),
    ("POST", "/_design_docs", {"keys": ["_design/theirs"]}),
    ("POST", "/_all_docs/queries", {"queries": [{"keys": ["theirs"]}, {"include_docs": True, "key": "theirs"}]}),
    ("POST", "/_design_docs/queries", {"queries": [{"include_docs": True}]}),
    ("POST", "/_local_docs/queries", {"queries": [{"keys": ["theirs"]}]}),
    ("GET", "/_all_docs?startkey_docid=t&update_seq=true&include_docs=true&attachments=true", None),
    ("GET", "/_changes?filter=_design&include_docs=true&attachments=true", None),
    ("GET", "/_changes?seq_interval=2&descending=true&include_docs=true&attachments=true", None),
    ("POST", "/_bulk_get?attachments=true&att_encoding_info=true", {"docs": [{"id": "theirs", "atts_since": ["1-a"]}]}),
    ("GET", "/_revs_limit", None),
    ("GET", "/_digest", None),
    ("GET", '/_digest?since=0&without=["theirs"]', None),
    ("POST", "/_digest", {"without": ["theirs", "gone"], "buckets": 4, "list": [0, 1, 2, 3]}),
]
KINDS: Final = ("application/json", "multipart/mixed", "multipart/related", "*/*")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("method", "path", "body"), READS)
def test_what_is_not_mine_reads_like_what_never_was(
    phone: httpx.Client, method: str, path: str, body: object, kind: str
) -> None:
    def ask(path: str, body: object) -> tuple[int, str]:
        more: dict[str, Any] = {"headers": {"accept": kind, "range": "bytes=0-3"}}
        if body:
            more["json"] = body
        answer = phone.request(method, "/area-one" + path, **more)
        return answer.status_code, re.sub("[0-9a-f]{32}", "boundary", answer.text)

    status, text = ask(path, body)
    assert SECRET not in text
    assert base64.b64encode(SECRET.encode()).decode() not in text
    never = json.loads(json.dumps(body).replace("theirs", "never1").replace("gone", "never2"))
    status_never, text_never = ask(path.replace("theirs", "never1").replace("gone", "never2"), never)
    assert status == status_never
    assert text.replace("theirs", "never1").replace("gone", "never2") == text_never


def test_their_own_view_has_it_all(phone: httpx.Client) -> None:
    assert phone.get("/area-two/theirs").json()["note"] == SECRET
    assert phone.get("/area-two/theirs/a").text == SECRET
    assert phone.get("/area-two").json()["doc_count"] == 1
    assert phone.get("/area-one").json()["doc_count"] == 1
    assert [row["id"] for row in phone.get("/area-two/_changes").json()["results"]] == ["theirs", "gone"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/theirs", {"note": "x"}),
        ("PUT", "/theirs?rev=1-bb", {"note": "x"}),
        ("PUT", "/theirs?new_edits=false", {"_rev": "2-dd", "_revisions": {"start": 2, "ids": ["dd", "bb"]}}),
        ("PUT", "/gone", {"note": "x"}),
        ("DELETE", "/theirs?rev=1-bb", None),
        ("PUT", "/theirs/a?rev=1-bb", {"x": 1}),
        ("DELETE", "/theirs/a?rev=1-bb", None),
    ],
)
def test_what_is_not_mine_cannot_be_written(phone: httpx.Client, method: str, path: str, body: object) -> None:
    answer = phone.request(method, "/area-one" + path, json=body) if body else phone.request(method, "/area-one" + path)
    assert answer.status_code in {403, 404, 409}, answer.text
    kept = phone.get("/area-two/theirs?revs=true").json()
    assert (kept["_rev"], kept["_revisions"]["ids"]) == ("1-bb", ["bb"])


def test_a_refused_document_does_not_hold_up_the_others(phone: httpx.Client) -> None:
    docs = [{"_id": "theirs", "_rev": "2-ee"}, {"_id": "mine too", "_rev": "1-ff"}]
    answer = phone.post("/area-two/_bulk_docs", json={"docs": [{"_id": "mine", "_rev": "2-ee"}], "new_edits": False})
    assert [(each["id"], each["error"]) for each in answer.json()] == [("mine", "forbidden")]
    answer = phone.post("/area-one/_bulk_docs", json={"docs": docs, "new_edits": False})
    assert [(each["id"], each["error"]) for each in answer.json()] == [("theirs", "forbidden")]
    assert phone.get("/area-one/mine%20too").status_code == 200
    assert phone.delete("/area-one/mine%20too?rev=1-ff").status_code == 200


def test_bulk_get_skips_silently_what_a_phone_may_not_have(phone: httpx.Client) -> None:
    asked = {"docs": [{"id": "theirs", "rev": "1-bb"}, {"id": "mine", "rev": "1-aa"}, {"id": "mine", "rev": "9-z"}]}
    results = phone.post("/area-one/_bulk_get", json=asked).json()["results"]
    assert [[item["ok"]["_id"] for item in each["docs"]] for each in results] == [[], ["mine"], []]


def test_a_stub_cannot_fetch_content_of_another_area(phone: httpx.Client) -> None:
    digest = phone.get("/area-two/theirs").json()["_attachments"]["a"]["digest"]
    for id_ in ("mine", "theirs"):
        stub = {
            "_id": id_,
            "_rev": "2-99",
            "_attachments": {"a": {"stub": True, "digest": digest, "content_type": "x/y"}},
        }
        answer = phone.post("/area-one/_bulk_docs", json={"docs": [stub], "new_edits": False})
        assert answer.json()[0]["error"] in {"missing_stub", "forbidden"}
    assert phone.get("/area-one/mine/a").status_code == 404


def test_checkpoints_of_an_area_are_the_accounts_own(phone: httpx.Client, http: httpx.Client) -> None:
    assert phone.put("/area-one/_local/mark", json={"last_seq": 1}).status_code == 201
    assert http.get("/area-one/_local/mark").status_code == 404
    assert phone.get("/area-two/_local/mark").status_code == 404


def test_copies_stay_within_the_walls(phone: httpx.Client) -> None:
    def copy(path: str, to: str) -> tuple[int, str]:
        answer = phone.request("COPY", "/area-one" + path, headers={"destination": to})
        return answer.status_code, answer.json()["error"]

    assert copy("/theirs", "stolen") == copy("/theirs?rev=1-bb", "stolen") == (404, "not_found")
    assert copy("/mine", "theirs") == (403, "forbidden")
    assert phone.get("/area-one/stolen").status_code == 404
    assert phone.get("/area-two/theirs").json()["note"] == SECRET


def test_uploads_stay_within_the_walls(phone: httpx.Client) -> None:
    told = {"_rev": "9-9", "_attachments": {"a": {"follows": True, "content_type": "x/y"}}}
    body = b"--B\r\ncontent-type: application/json\r\n\r\n%b\r\n--B\r\n\r\nx\r\n--B--" % json.dumps(told).encode()
    headers = {"content-type": "multipart/related; boundary=B"}
    answer = phone.put("/area-one/theirs?new_edits=false", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    for rev in ("", "?rev=1-bb"):
        assert phone.put("/area-one/theirs/a" + rev, content=b"x").status_code in {403, 409}
        assert phone.delete("/area-one/theirs/a" + rev).status_code == 404
    assert phone.get("/area-two/theirs/a").text == SECRET


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/_purge", {"theirs": ["1-bb"], "mine": ["1-aa"]}),
        ("GET", "/_purged_infos", None),
        ("GET", "/_purged_infos_limit", None),
        ("PUT", "/_purged_infos_limit", 1),
        ("PUT", "/_revs_limit", 1),
        ("POST", "/_compact", {}),
        ("GET", "/_security", None),
        ("PUT", "/_security", {}),
    ],
)
def test_upkeep_is_of_no_part(phone: httpx.Client, http: httpx.Client, method: str, path: str, body: object) -> None:
    """Not for a phone; and an administrator does it to the whole database, not through one area."""
    more: dict[str, Any] = {} if body is None else {"json": body}
    assert phone.request(method, "/area-one" + path, **more).status_code == 403
    if path != "/_security" or method == "PUT":
        assert http.request(method, "/area-one" + path, **more).status_code == 403
    assert phone.get("/area-two/theirs").json()["note"] == SECRET
    assert http.get("/area-one").json()["purge_seq"] == "0"
