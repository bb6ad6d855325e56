"""Through an area's database nothing of another area can be read, listed, guessed or changed."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Final

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
    ("POST", "/_bulk_get?revs=true&latest=true", {"docs": [{"id": "theirs", "rev": "1-bb"}, {"id": "gone"}]}),
    ("POST", "/_revs_diff", {"theirs": ["1-bb", "2-x"], "gone": ["1-cc"]}),
    ("POST", "/_missing_revs", {"theirs": ["1-bb", "2-x"]}),
    ("GET", "/_local_docs", None),
    ("GET", "/_local/theirs", None),
    ("GET", "", None),
]


@pytest.mark.parametrize(("method", "path", "body"), READS)
def test_what_is_not_mine_reads_like_what_never_was(phone: httpx.Client, method: str, path: str, body: object) -> None:
    def ask(path: str, body: object) -> tuple[int, str]:
        answer = (
            phone.request(method, "/area-one" + path, json=body) if body else phone.request(method, "/area-one" + path)
        )
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
