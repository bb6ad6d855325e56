import orjson
import pytest

from sync.replicator import answers
from sync.replicator.errors import Trouble


def doc(id_: str, rev: str, *ancestors: str) -> dict[str, object]:
    ids = [each.partition("-")[2] for each in (rev, *ancestors)]
    return {"_id": id_, "_rev": rev, "n": 1.10, "_revisions": {"start": int(rev[0]), "ids": ids}}


def bulk(*results: tuple[str, list[dict[str, object]]]) -> bytes:
    return orjson.dumps({"results": [{"id": id_, "docs": docs} for id_, docs in results]})


def test_bulk_get_is_passed_on_as_text() -> None:
    text = b'{"results":[{"id":"a","docs":[{"ok":{"_id":"a","_rev":"1-x","n":1.10,"big":12345678901234567890123}}]}]}'
    [(head, body)], left = answers.bulk(text, [("a", "1-x")])
    assert (head.id, head.rev, left) == ("a", "1-x", [])
    assert body == b'{"_id":"a","_rev":"1-x","n":1.10,"big":12345678901234567890123}'


@pytest.mark.parametrize("more", [{}, {"error": {"id": "b", "error": "not_found"}}, {"missing": "1-y"}])
def test_bulk_get_accounts_for_what_was_asked(more: dict[str, object]) -> None:
    text = bulk(("a", [{"ok": doc("a", "2-z", "1-x")}]), ("b", [more] if more else []))
    found, left = answers.bulk(text, [("a", "1-x"), ("a", "2-z"), ("b", "1-y"), ("c", "1-c")])
    assert [(head.id, head.rev) for head, _ in found] == [("a", "2-z")]
    assert left == [("b", "1-y"), ("c", "1-c")]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>sign in",
        b"[]",
        b"null",
        b'{"results":[',
        b'{"results":{}}',
        bulk(("stranger", [])),
        bulk(("a", [{"ok": doc("b", "1-x")}])),
        bulk(("a", [{"ok": {"_id": "a"}}])),
    ],
)
def test_a_strange_answer_is_trouble(text: bytes) -> None:
    with pytest.raises(Trouble):
        answers.bulk(text, [("a", "1-x")])


def test_open_revs_has_to_account_for_each() -> None:
    text = orjson.dumps([{"ok": doc("a", "2-z", "1-x")}, {"missing": "1-y"}])
    found, gone = answers.leaves(text, "a", ["1-x", "1-y"])
    assert ([head.rev for head, _ in found], gone) == (["2-z"], ["1-y"])
    with pytest.raises(Trouble):
        answers.leaves(text, "a", ["1-x", "1-y", "1-w"])


def test_diff_speaks_of_what_was_asked_only() -> None:
    told = answers.diff(b'{"a":{"missing":["1-x"],"possible_ancestors":["1-w"]}}', {"a": ["1-x", "1-y"]})
    assert told["a"].possible_ancestors == ["1-w"]
    assert answers.diff(b"{}", {"a": ["1-x"]}) == {}
    for text in (b'{"b":{"missing":["1-x"]}}', b'{"a":{"missing":["9-x"]}}', b'{"login":"please"}', b"[]"):
        with pytest.raises(Trouble):
            answers.diff(text, {"a": ["1-x"]})


def test_failures_of_couchdb_and_of_pouchdb() -> None:
    text = b'[{"id":"a","error":"forbidden"},{"id":"b","error":true,"name":"missing_stub"},{"id":"c","ok":true}]'
    told = answers.decode(answers.FAILURES, text, "_bulk_docs")
    assert [each.word for each in told] == ["forbidden", "missing_stub", None]
