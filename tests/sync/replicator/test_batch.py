"""A batch against a source and a target that are plain dictionaries, and that refuse, forget and shrink at will."""

import base64
import random
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pytest

from sync.replicator import batch as machine
from sync.replicator.answers import Change, Failure, Head, Missing, Rev, Revisions, Stub
from sync.replicator.batch import Aim, Attach, Batch, Diff, Fetch, Store
from sync.replicator.document import Document
from sync.replicator.errors import Trouble


class Bytes:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.length = len(data)
        self.closed = False

    def chunks(self) -> Iterator[bytes]:
        yield self.data

    def close(self) -> None:
        self.closed = True


def head(id_: str, rev: str, *ancestors: str, revpos: int | None = None) -> tuple[Head, bytes]:
    ids = [each.partition("-")[2] for each in (rev, *ancestors)]
    told: dict[str, Any] = {"_id": id_, "_rev": rev, "_revisions": {"start": int(rev[0]), "ids": ids}}
    stubs = {}
    if revpos is not None:
        told["_attachments"] = {
            "a": {"stub": True, "revpos": revpos, "length": 5, "content_type": "x/y", "digest": "d"},
        }
        stubs = {"a": Stub("x/y", 5, "d", revpos, stub=True)}
    return Head(id_, rev, Revisions(int(rev[0]), ids), stubs), orjson.dumps(told)


def changes(*pairs: tuple[str, str]) -> list[Change]:
    return [Change(id_, [Rev(rev)], n) for n, (id_, rev) in enumerate(pairs)]


def missing(*pairs: tuple[str, str], ancestors: Sequence[str] = ()) -> dict[str, Missing]:
    return {id_: Missing([rev], list(ancestors)) for id_, rev in pairs}


def begun(*pairs: tuple[str, str], ancestors: Sequence[str] = ()) -> Batch:
    batch = Batch(changes(*pairs), Aim(), big=1000)
    assert isinstance(batch.next(), Diff)
    batch.diffed(missing(*pairs, ancestors=ancestors))
    return batch


def step(batch: Batch, kind: type) -> Any:
    told = batch.next()
    assert isinstance(told, kind), told
    return told


def test_what_is_known_is_not_fetched() -> None:
    batch = Batch(changes(("a", "1-x"), ("b", "1-x"), ("a", "2-y")), Aim(), big=1000)
    assert step(batch, Diff).revs == {"a": ["1-x", "2-y"], "b": ["1-x"]}
    batch.diffed(missing(("b", "1-x")))
    assert step(batch, Fetch).asked == [("b", "1-x")]
    batch.fetched([("b", "1-x")], [head("b", "1-x")], [])
    stored = step(batch, Store).documents
    assert [document.id for document in stored] == ["b"]
    batch.stored(stored, [])
    assert batch.next() is None
    counts = batch.counts
    assert (counts.missing_checked, counts.missing_found, counts.docs_read, counts.docs_written) == (3, 1, 1, 1)


def test_an_empty_page_asks_nobody() -> None:
    assert Batch([], Aim(), big=1000).next() is None


def test_what_is_gone_at_the_source_is_passed_over() -> None:
    batch = begun(("a", "1-x"))
    batch.fetched([("a", "1-x")], [], [("a", "1-x")])
    assert batch.next() is None
    assert batch.counts.docs_written == 0


def test_a_refused_document_is_counted_and_the_others_are_stored() -> None:
    batch = begun(("a", "1-x"), ("b", "1-x"))
    batch.fetched(step(batch, Fetch).asked, [head("a", "1-x"), head("b", "1-x")], [])
    batch.stored(step(batch, Store).documents, [Failure("a", "1-x", "forbidden", reason="no")])
    assert batch.next() is None
    assert (batch.counts.docs_written, batch.counts.doc_write_failures) == (1, 1)


@pytest.mark.parametrize(
    "failure", [Failure("a", "1-x", "internal_server_error"), Failure("stranger", "1-x", "forbidden")]
)
def test_what_may_pass_is_not_passed_over(failure: Failure) -> None:
    batch = begun(("a", "1-x"))
    batch.fetched(step(batch, Fetch).asked, [head("a", "1-x")], [])
    with pytest.raises(Trouble):
        batch.stored(step(batch, Store).documents, [failure])


def test_too_large_requests_are_halved_until_it_is_clear_by_which_document() -> None:
    pairs = [(f"d{n}", "1-x") for n in range(16)]
    batch = begun(*pairs)
    batch.fetched(step(batch, Fetch).asked, [head(id_, rev) for id_, rev in pairs], [])
    stored: list[str] = []
    for _ in range(100):
        told = batch.next()
        if told is None:
            break
        assert isinstance(told, Store)
        ids = [document.id for document in told.documents]
        if "d5" in ids or len(ids) > 3:
            batch.not_taken(told.documents)
        else:
            stored += ids
            batch.stored(told.documents, [])
    assert sorted(stored) == sorted(id_ for id_, _ in pairs if id_ != "d5")
    assert batch.counts.doc_write_failures == 1


@pytest.mark.parametrize("whole_request", [True, False])
def test_what_the_target_has_already_travels_as_a_stub_until_it_says_that_it_has_not(whole_request: bool) -> None:  # noqa: FBT001
    batch = begun(("a", "2-y"), ("b", "1-x"), ancestors=["1-x"])
    batch.fetched(step(batch, Fetch).asked, [head("a", "2-y", "1-x", revpos=1), head("b", "1-x")], [])
    documents = step(batch, Store).documents
    assert len(documents) == 2
    if whole_request:
        batch.stub_missing(documents)
    else:
        batch.stored(documents, [Failure("a", "2-y", "missing_stub")])
    document = step(batch, Attach).document
    assert document.absent() == ["a"]
    document.blobs["a"] = Bytes(b"hello")
    last = step(batch, Store).documents
    assert "a" in [each.id for each in last]
    told = orjson.loads(next(each for each in last if each.id == "a").inline())["_attachments"]["a"]
    assert base64.b64decode(told["data"]) == b"hello"
    assert "stub" not in told
    assert told["revpos"] == 1
    batch.stored(last, [])
    assert batch.next() is None
    assert batch.counts.docs_written == 2


def test_a_new_attachment_and_an_unknown_ancestor_are_fetched_at_once() -> None:
    for known, revpos in (([], 1), (["1-x"], 2), (["1-other"], 1)):
        batch = begun(("a", "2-y"), ancestors=known)
        batch.fetched(step(batch, Fetch).asked, [head("a", "2-y", "1-x", revpos=revpos)], [])
        assert step(batch, Attach).document.absent() == ["a"]


def test_a_big_document_travels_alone_and_what_was_fetched_is_let_go() -> None:
    batch = begun(("a", "1-x"), ("big", "1-x"), ("c", "1-x"))
    batch.fetched(step(batch, Fetch).asked, [head("a", "1-x"), head("big", "1-x", revpos=1), head("c", "1-x")], [])
    content = Bytes(b"x" * 2000)
    groups = []
    while (told := batch.next()) is not None:
        if isinstance(told, Attach):
            told.document.blobs["a"] = content
        else:
            assert isinstance(told, Store)
            groups.append([document.id for document in told.documents])
            batch.stored(told.documents, [])
    assert ["big"] in groups
    assert content.closed


def test_requests_adapt_to_the_size_of_documents() -> None:
    aim = Aim()
    for _ in range(20):
        aim.seen(100, 100 * 600)
    assert aim.count == machine.MOST
    aim.seen(10, 10 * machine.AIM)
    assert aim.count == 1


def test_multipart_is_as_long_as_it_says() -> None:
    document = Document(*head("a", "1-x", revpos=1), blobs={"a": Bytes(b"hello\r\n--")})
    parts = document.multipart()
    body = b"".join(parts.chunks())
    assert str(len(body)) == parts.headers["content-length"]
    assert body.count(b"hello\r\n--") == 1
    assert b'"follows":true,"length":9' in body


@pytest.mark.parametrize("seed", range(40))
def test_every_revision_ends_stored_refused_or_gone(seed: int) -> None:
    chance = random.Random(seed)
    pairs = [(f"d{n}", f"{chance.randint(1, 2)}-x") for n in range(chance.randint(1, 60))]
    refused = {id_ for id_, _ in pairs if chance.random() < 0.1}
    gone = {id_ for id_, _ in pairs if chance.random() < 0.1} - refused
    batch = begun(*pairs, ancestors=["1-w"] if chance.random() < 0.5 else [])
    stored: set[str] = set()
    for _ in range(1000):
        told = batch.next()
        if told is None:
            break
        if isinstance(told, Fetch):
            asked = told.asked
            line = {"2-x": ("1-w",), "1-x": ()}
            found = [
                head(id_, rev, *line[rev], revpos=chance.choice([None, 1])) for id_, rev in asked if id_ not in gone
            ]
            batch.fetched(asked, found, [each for each in asked if each[0] in gone])
        elif isinstance(told, Attach):
            told.document.blobs = {name: Bytes(b"hello") for name in told.document.absent()}
        elif isinstance(told, Store):
            fate = chance.random()
            partly = [each for each in told.documents if each.head.attachments and not each.whole]
            if fate < 0.2 and len(told.documents) > 1:
                batch.not_taken(told.documents)
            elif fate < 0.4 and partly:
                batch.stub_missing(told.documents)
            else:
                failures = [Failure(each.id, each.rev, "forbidden") for each in told.documents if each.id in refused]
                stored |= {each.id for each in told.documents} - refused
                batch.stored(told.documents, failures)
    assert batch.next() is None
    assert stored == {id_ for id_, _ in pairs} - refused - gone
    assert batch.counts.doc_write_failures == len(refused)
    assert batch.counts.docs_written == len(stored)
