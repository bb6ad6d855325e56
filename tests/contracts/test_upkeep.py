"""What every store must do beside reading and writing: purge, cut histories, take long content, free what is unused."""

import gzip
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection

from sync.access import Rules
from sync.documents import CHUNK, Draft, Inline, Upload
from sync.errors import DocumentMissing, Forbidden
from sync.store import DocumentStore
from sync.store.values import Show
from tests.contracts.test_store import ONE, PHONE, PLAIN_VIEW, WHOLE, ByField, graft, leaves, made, page, put, shown

LONG = bytes(range(256)) * 5_000


def purge(store: DocumentStore, asked: dict[str, list[str]], view: Any = PLAIN_VIEW) -> dict[str, list[str]]:
    return store.database.write_now(lambda c: store.purge_now(c, view, asked))


def attach(store: DocumentStore, id_: str, content: bytes, rev: str | None = None) -> str:
    upload = Upload("text/plain", Inline(content))
    return store.database.write_now(lambda c: store.attach_now(c, PLAIN_VIEW, PHONE, id_, "a", upload, rev=rev))


def is_held(store: DocumentStore, content: bytes) -> bool:
    return store.database.read_now(lambda c: store.piece_now(c, Inline(content).key, 0)) is not None


class TestPurge:
    def test_a_purged_document_never_was(self, store: DocumentStore) -> None:
        rev = put(store, "x", {"a": 1})
        second = put(store, "x", {"a": 2}, rev)
        put(store, "y", {})
        assert purge(store, {"x": [rev, "9-nix"], "nix": ["1-a"]}) == {"x": [], "nix": []}
        assert purge(store, {"x": [second, second]}) == {"x": [second]}
        assert leaves(store, "x") == []
        with pytest.raises(DocumentMissing):
            shown(store, "x", rev)
        assert [id_ for id_, _ in page(store)] == ["y"]
        info = store.database.read_now(lambda c: store.info_now(c, PLAIN_VIEW))
        assert (info.live, info.deleted, info.purge_seq) == (1, 0, 1)
        assert put(store, "x", {"a": 1}) == rev
        assert store.database.read_now(lambda c: store.missing_now(c, PLAIN_VIEW, {"x": [second]})) == {
            "x": ([second], [rev])
        }

    def test_other_leaves_stay_and_show_as_a_change(self, store: DocumentStore) -> None:
        graft(store, made("x", "c", "a"), made("x", "b", "a"), made("y", "z"))
        assert purge(store, {"x": ["2-c"]}) == {"x": ["2-c"]}
        assert page(store, since=3) == [("x", ("2-b",))]
        assert shown(store, "x", revs=True)["_revisions"] == {"start": 2, "ids": ["b", "a"]}
        graft(store, made("x", "t", "b", "a", deleted=True), made("x", "d", "a"))
        purge(store, {"x": ["2-d"]})
        info = store.database.read_now(lambda c: store.info_now(c, PLAIN_VIEW))
        assert (info.live, info.deleted) == (1, 1)

    def test_what_was_purged_is_remembered_up_to_a_limit(self, store: DocumentStore) -> None:
        graft(store, *[made(id_, "a") for id_ in "xyz"])
        for id_ in "xyz":
            purge(store, {id_: ["1-a"]})
        read, write = store.database.read_now, store.database.write_now
        assert read(lambda c: store.purged_limit_now(c, PLAIN_VIEW)) == 1000
        assert read(lambda c: store.purged_now(c, PLAIN_VIEW)) == [(id_, ["1-a"]) for id_ in "xyz"]
        write(lambda c: store.set_purged_limit_now(c, PLAIN_VIEW, 1))
        assert read(lambda c: store.purged_now(c, PLAIN_VIEW)) == [("z", ["1-a"])]

    def test_feeds_and_counts_of_scopes_follow(self, make: Any) -> None:
        rules = ByField()
        typed: Rules = rules
        store: DocumentStore = make({"areas": typed})
        graft(store, made("x", "b"), made("x", "a"), made("y", "a"), view=ONE)
        with pytest.raises(Forbidden):
            purge(store, {"y": ["1-a"]}, ONE)
        rules.changed.clear()
        purge(store, {"x": ["1-b"], "y": ["1-a"]}, WHOLE)
        assert [(each.id, each.rev, each.deleted) for each in rules.changed] == [
            ("x", "1-a", False),
            ("y", "1-a", True),
        ]
        assert page(store, ONE, since=3) == [("x", ("1-a",))]
        info = store.database.read_now(lambda c: store.info_now(c, ONE))
        assert (info.live, info.deleted, info.purge_seq) == (1, 0, 0)

    def test_contents_go_with_their_last_revision(self, store: DocumentStore) -> None:
        one, two = attach(store, "x", b"shared"), attach(store, "y", b"shared")
        purge(store, {"x": [one]})
        assert is_held(store, b"shared")
        purge(store, {"y": [two]})
        assert not is_held(store, b"shared")


class TestHistories:
    def bodies(self, store: DocumentStore, id_: str, revs: list[str]) -> list[bool]:
        held = [store.database.read_now(lambda c, r=rev: store.revision_now(c, "plain", id_, r)) for rev in revs]  # type: ignore[misc]
        return [each is not None for each in held]

    def test_a_write_frees_what_it_cuts(self, store: DocumentStore) -> None:
        store.database.write_now(lambda c: store.set_revs_limit_now(c, "plain", 2))
        first = attach(store, "x", b"first")
        second = attach(store, "x", b"second", first)
        third = attach(store, "x", b"third", second)
        assert self.bodies(store, "x", [first, second, third]) == [False, True, True]
        assert [is_held(store, content) for content in (b"first", b"second", b"third")] == [False, True, True]

    async def test_compaction_cuts_what_is_there(self, store: DocumentStore) -> None:
        revs = [put(store, "x", {"n": 0})]
        for n in range(1, 5):
            revs.append(put(store, "x", {"n": n}, revs[-1]))
        graft(store, made("y", "b", "a"))
        await store.compact(PLAIN_VIEW)
        assert self.bodies(store, "x", revs) == [True] * 5
        store.database.write_now(lambda c: store.set_revs_limit_now(c, "plain", 2))
        await store.compact(PLAIN_VIEW)
        assert self.bodies(store, "x", revs) == [False, False, False, True, True]
        assert shown(store, "x", revs=True)["_revisions"]["start"] == 5
        assert len(shown(store, "x", revs=True)["_revisions"]["ids"]) == 2
        with pytest.raises(Forbidden):
            await store.compact(ONE)


class TestContents:
    async def test_long_content_goes_ahead_and_its_revision_finds_it(self, store: DocumentStore) -> None:
        await store.stage(Inline(LONG))
        await store.stage(Inline(LONG))
        assert is_held(store, LONG)
        rev = attach(store, "x", LONG)
        found = store.database.read_now(
            lambda c: b"".join(store.find_attachment_now(c, PLAIN_VIEW, "x", None, "a")[1].chunks)
        )
        assert found == LONG
        await store.compact(PLAIN_VIEW)
        assert is_held(store, LONG)
        purge(store, {"x": [rev]})
        assert not is_held(store, LONG)

    async def test_content_that_waits_is_not_taken_away_with_another_revision(self, store: DocumentStore) -> None:
        rev = attach(store, "x", LONG)
        await store.stage(Inline(LONG))
        purge(store, {"x": [rev]})
        assert is_held(store, LONG)
        attach(store, "y", LONG)

    async def test_content_that_no_revision_takes_is_removed(
        self, store: DocumentStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000_000)
        await store.stage(Inline(LONG))
        monkeypatch.undo()
        await store.compact(PLAIN_VIEW)
        assert not is_held(store, LONG)

    def test_packed_content_is_shown_as_its_reader_wants_it(self, store: DocumentStore) -> None:
        packed = gzip.compress(b"hello")
        draft = Draft("x", None, False, b"{}", {}, {"a": Upload("text/plain", Inline(packed), decoded=5)})  # noqa: FBT003  as the fields stand
        store.database.write_now(lambda c: store.write_now(c, PLAIN_VIEW, PHONE, [draft], new_edits=True))

        def stub(**show: Any) -> dict[str, Any]:
            told: dict[str, Any] = shown(store, "x", **show)["_attachments"]["a"]
            return told

        digest = Inline(packed).md5
        plain = {"content_type": "text/plain", "revpos": 1, "digest": digest}
        assert stub() == {**plain, "length": 5, "stub": True}
        assert stub(encoding=True) == {
            **plain,
            "length": 5,
            "stub": True,
            "encoding": "gzip",
            "encoded_length": len(packed),
        }
        assert stub(attachments=True) == {**plain, "data": "aGVsbG8="}

    def test_contents_that_follow_their_document(self, store: DocumentStore) -> None:
        first = attach(store, "x", b"one")
        second = put(store, "x", {"n": 2}, first)

        def read(since: tuple[str, ...] | None) -> tuple[dict[str, Any], list[tuple[str, int, bytes | None]]]:
            def job(c: Connection) -> Any:
                found = store.show_now(c, PLAIN_VIEW, "x", second, Show(attachments=True, follows=True, since=since))
                parts = [(each.name, each.length, store.piece_now(c, each.key, 0)) for each in found.following]
                return orjson.loads(found.text)["_attachments"]["a"], parts

            told: tuple[dict[str, Any], list[tuple[str, int, bytes | None]]] = store.database.read_now(job)
            return told

        stub, parts = read(None)
        assert (stub["follows"], "stub" in stub, parts) == (True, False, [("a", 3, b"one")])
        assert read(("9-nix",)) == (stub, parts)
        stub, parts = read((first, "9-nix"))
        assert (stub["stub"], "follows" in stub, parts) == (True, False, [])


def test_pieces_are_of_one_size(store: DocumentStore) -> None:
    attach(store, "x", LONG)
    sizes = store.database.read_now(
        lambda c: [len(each) for each in store.find_attachment_now(c, PLAIN_VIEW, "x", None, "a")[1].chunks]
    )
    assert sizes == [CHUNK] * (len(LONG) // CHUNK) + [len(LONG) % CHUNK]
