"""What one client may ask for at a time: nobody can take the server away from the others."""

import base64
from dataclasses import replace
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sync.errors import Busy
from sync.http.front import Front
from sync.limits import Limits
from tests.protocol.serve import Running

LIMITS = Limits()


def test_a_log_in_is_small(server: Running) -> None:
    with httpx.Client(base_url=server.url) as client:
        huge = {"name": "admin", "password": "x" * LIMITS.form}
        assert client.post("/_session", json=huge).status_code == 413
        assert client.post("/_session", data=huge).status_code == 413


def test_there_are_no_sockets(server: Running) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(server.url.replace("http", "ws") + "/_up")
    with pytest.raises(InvalidStatus, match="403"):
        connect(server.url.replace("http", "ws") + "/db/_changes?feed=continuous")


@pytest.mark.parametrize(
    "path", ["_all_docs", "_changes", "_bulk_get", "_find", "_explain", "_index", "_revs_diff", "_purge"]
)
def test_a_request_is_nested_no_deeper_than_an_answer_can_be(http: httpx.Client, db: str, path: str) -> None:
    deep = "[" * 500 + "]" * 500
    body = f'{{"docs":[{{"id":{deep}}}],"selector":{deep},"index":{deep},"x":{deep}}}'
    for accepted in ("application/json", "multipart/mixed"):
        headers = {"content-type": "application/json", "accept": accepted}
        assert http.post(f"{db}/{path}", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "body", [b'{"do\xff":1}', b'{"docs":[{"\xff":1}]}', b"\xff", b'{"docs":["\xff', b'{"docs\xed\xa0\x80":[]}']
)
def test_a_body_that_is_no_text_is_refused(http: httpx.Client, db: str, body: bytes) -> None:
    for path in ("", "/_bulk_docs", "/_bulk_get", "/_all_docs", "/_revs_diff", "/_find"):
        answer = http.post(db + path, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


def test_one_document_is_merged_a_bounded_number_of_times_in_a_request(http: httpx.Client, db: str) -> None:
    docs = [{"_id": "a", "_rev": f"1-{n:032x}"} for n in range(LIMITS.same + 1)]
    answer = http.post(db + "/_bulk_docs", json={"new_edits": False, "docs": docs})
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert http.post(db + "/_bulk_docs", json={"new_edits": False, "docs": docs[1:]}).json() == []


def test_contents_are_not_put_together_without_bound(server: Running) -> None:
    data = base64.b64encode(b"x" * 1_000_000).decode()
    many = LIMITS.inlined // 1_000_000 + 1
    with server.client("phone") as phone:
        photo = {"_id": "photo", "_attachments": {"image.jpg": {"content_type": "image/jpeg", "data": data}}}
        assert phone.put("/area-x/photo", json=photo).status_code == 201
        asked = {"docs": [{"id": "photo"}] * many}
        assert phone.post("/area-x/_bulk_get?attachments=true", json=asked).status_code == 413
        assert phone.post("/area-x/_bulk_get", json=asked).status_code == 200
        assert phone.post("/area-x/_bulk_get?attachments=true", json={"docs": asked["docs"][:2]}).status_code == 200
        assert phone.get("/area-x/_all_docs?include_docs=true&attachments=true").status_code == 200
        assert (
            phone.get("/area-x/photo?attachments=true", headers={"accept": "application/json"}).json()["_attachments"][
                "image.jpg"
            ]["data"]
            == data
        )


def test_one_account_does_not_take_all_feeds() -> None:
    nothing: Any = None
    front = Front(nothing, nothing, replace(LIMITS, feeds=10, feeds_each=2))
    give_back = front.take_feed("li")
    front.take_feed("li")
    with pytest.raises(Busy):
        front.take_feed("li")
    front.take_feed("wang")
    give_back()
    front.take_feed("li")
    assert front.feeds == 3
