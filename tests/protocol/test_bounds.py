"""What one client may ask for at a time: nobody can take the server away from the others."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

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


def test_one_document_is_merged_a_bounded_number_of_times_in_a_request(http: httpx.Client, db: str) -> None:
    docs = [{"_id": "a", "_rev": f"1-{n:032x}"} for n in range(LIMITS.same + 1)]
    answer = http.post(db + "/_bulk_docs", json={"new_edits": False, "docs": docs})
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert http.post(db + "/_bulk_docs", json={"new_edits": False, "docs": docs[1:]}).json() == []


def test_contents_are_not_put_together_without_bound(server: Running) -> None:
    many = LIMITS.inlined + 1
    with server.client("phone") as phone:
        docs = {"docs": [{"id": "photo"}] * many}
        assert phone.post("/area-x/_bulk_get?attachments=true", json=docs).status_code == 413
        assert phone.post("/area-x/_bulk_get", json=docs).status_code == 200
        for path, status in (
            ("/area-x/_all_docs?include_docs=true&attachments=true", 413),
            (f"/area-x/_all_docs?include_docs=true&attachments=true&limit={many}", 413),
            ("/area-x/_all_docs?include_docs=true&attachments=true&limit=5", 200),
            ("/area-x/_all_docs?include_docs=true", 200),
        ):
            assert phone.get(path).status_code == status


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
