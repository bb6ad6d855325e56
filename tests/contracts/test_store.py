"""What every store must do. Run against each backend (conftest)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, event

from sync.access import Accept, Incoming, Principal, Refuse, Rules, Stored, Verdict, View
from sync.documents import Draft, Inline, Stub, Upload
from sync.errors import (
    AttachmentMissing,
    BadDatabaseName,
    Conflict,
    DatabaseExists,
    DatabaseMissing,
    DocumentMissing,
    Forbidden,
    MissingStub,
)
from sync.store import DocumentStore, Outcome, Rejected, Written
from sync.store.values import PLAIN, Ask, Range, Show

ADMIN, PHONE = Principal("admin", admin=True), Principal("phone")
PLAIN_VIEW = View("plain", "plain")
ONE, TWO = View("area-one", "areas", "one"), View("area-two", "areas", "two")
WHOLE = View("areas", "areas")


def edit(id_: str, body: dict[str, Any] | None = None, rev: str | None = None, *, deleted: bool = False) -> Draft:
    fields = body or {}
    return Draft(id_, rev, deleted, orjson.dumps(fields), fields)


def made(id_: str, *ids: str, start: int = 0, body: dict[str, Any] | None = None, deleted: bool = False) -> Draft:
    start = start or len(ids)
    fields = {"n": ids[0]} if body is None else body
    return Draft(id_, f"{start}-{ids[0]}", deleted, orjson.dumps(fields), fields, path=(start, list(ids)))


def write(
    store: DocumentStore, drafts: Sequence[Draft], view: View = PLAIN_VIEW, *, new_edits: bool = True
) -> list[Outcome]:
    return store.database.write_now(lambda c: store.write_now(c, view, PHONE, drafts, new_edits=new_edits))


def graft(store: DocumentStore, *drafts: Draft, view: View = PLAIN_VIEW) -> list[Outcome]:
    return write(store, drafts, view, new_edits=False)


def put(store: DocumentStore, id_: str, body: dict[str, Any], rev: str | None = None, view: View = PLAIN_VIEW) -> str:
    return store.database.write_now(lambda c: store.put_now(c, view, PHONE, id_, body, rev=rev))


def page(store: DocumentStore, view: View = PLAIN_VIEW, **ask: Any) -> list[tuple[str, tuple[str, ...]]]:
    found = store.database.read_now(lambda c: store.changes_now(c, view, Ask(**ask)))
    return [(change.id, change.revs) for change in found.changes]


def leaves(store: DocumentStore, id_: str, database: str = "plain") -> list[tuple[str, bool]]:
    return store.database.read_now(lambda c: store.leaves_now(c, database, id_))


def shown(
    store: DocumentStore, id_: str, rev: str | None = None, view: View = PLAIN_VIEW, **show: bool
) -> dict[str, Any]:
    found = store.database.read_now(lambda c: store.show_now(c, view, id_, rev, Show(**show)))
    told: dict[str, Any] = orjson.loads(found.text)
    return told


class TestDatabases:
    def test_a_database_is_created_listed_and_deleted(self, store: DocumentStore) -> None:
        write_ = store.database.write_now
        write_(lambda c: store.create_now(c, "more"))
        assert store.database.read_now(store.names_now) == ["areas", "more", "plain"]
        with pytest.raises(DatabaseExists):
            write_(lambda c: store.create_now(c, "more"))
        with pytest.raises(BadDatabaseName):
            write_(lambda c: store.create_now(c, "Nix"))
        write_(lambda c: store.delete_now(c, "more"))
        with pytest.raises(DatabaseMissing):
            write_(lambda c: store.delete_now(c, "more"))
        with pytest.raises(DatabaseMissing):
            store.database.read_now(lambda c: store.info_now(c, View("more", "more")))

    def test_a_database_made_again_is_empty_and_its_neighbours_are_not(self, store: DocumentStore) -> None:
        put(store, "x", {"a": 1})
        put(store, "y", {}, view=ONE)
        store.database.write_now(lambda c: store.delete_now(c, "plain"))
        store.database.write_now(lambda c: store.create_now(c, "plain"))
        info = store.database.read_now(lambda c: store.info_now(c, PLAIN_VIEW))
        assert (info.live, info.deleted, info.update_seq) == (0, 0, 0)
        assert page(store) == []
        put(store, "x", {"b": 1})
        assert shown(store, "x")["b"] == 1
        assert [id_ for id_, _ in page(store, ONE)] == ["y"]

    def test_counts_follow_the_winners(self, store: DocumentStore) -> None:
        def counts() -> tuple[int, int, int]:
            info = store.database.read_now(lambda c: store.info_now(c, PLAIN_VIEW))
            return info.live, info.deleted, info.update_seq

        rev = put(store, "x", {})
        assert counts() == (1, 0, 1)
        write(store, [edit("x", rev=rev, deleted=True)])
        assert counts() == (0, 1, 2)
        graft(store, made("x", "z"))
        assert counts() == (1, 0, 3)


class TestEdits:
    def test_an_edit_needs_the_leaf_that_it_replaces(self, store: DocumentStore) -> None:
        first = put(store, "x", {"a": 1})
        second = put(store, "x", {"a": 2}, first)
        assert (first[:2], second[:2]) == ("1-", "2-")
        for rev in (None, first, "2-nix"):
            with pytest.raises(Conflict):
                put(store, "x", {"a": 3}, rev)
        with pytest.raises(Conflict):
            put(store, "new", {}, "1-a")
        assert shown(store, "x") == {"_id": "x", "_rev": second, "a": 2}

    def test_a_deleted_document_is_made_again_on_its_tombstone(self, store: DocumentStore) -> None:
        rev = put(store, "x", {"a": 1})
        write(store, [edit("x", {"why": "gone"}, rev, deleted=True)])
        with pytest.raises(DocumentMissing) as missing:
            shown(store, "x")
        assert missing.value.deleted
        again = put(store, "x", {"a": 2})
        assert again.startswith("3-")
        assert leaves(store, "x") == [(again, False)]

    def test_a_losing_leaf_can_be_edited_and_deleted(self, store: DocumentStore) -> None:
        graft(store, made("x", "b"), made("x", "a"))
        assert leaves(store, "x") == [("1-b", False), ("1-a", False)]
        write(store, [edit("x", rev="1-a", deleted=True)])
        told = leaves(store, "x")
        assert told[0] == ("1-b", False)
        assert told[1][1]
        assert shown(store, "x", conflicts=True) == {"_id": "x", "_rev": "1-b", "n": "b"}

    def test_the_same_id_twice_in_a_batch(self, store: DocumentStore) -> None:
        one, two = write(store, [edit("x", {"a": 1}), edit("x", {"a": 2})])
        assert isinstance(one, Written)
        assert isinstance(two, Rejected)
        assert isinstance(two.error, Conflict)

    def test_bodies_of_ancestors_are_kept(self, store: DocumentStore) -> None:
        first = put(store, "x", {"a": 1})
        put(store, "x", {"a": 2}, first)
        assert store.database.read_now(lambda c: store.revision_now(c, "plain", "x", first)) == {"a": 1}
        assert store.database.read_now(lambda c: store.revision_now(c, "plain", "x", "1-nix")) is None
        info = shown(store, "x", revs_info=True)["_revs_info"]
        assert [each["status"] for each in info] == ["available", "available"]


class TestReplicated:
    def test_a_revision_is_stored_once_with_its_history(self, store: DocumentStore) -> None:
        assert graft(store, made("x", "c", "b", "a")) == [Written("x", "3-c")]
        assert graft(store, made("x", "c", "b", "a")) == [Written("x", "3-c", new=False)]
        assert graft(store, made("x", "b", "a")) == [Written("x", "2-b", new=False)]
        assert shown(store, "x", revs=True)["_revisions"] == {"start": 3, "ids": ["c", "b", "a"]}
        assert store.database.read_now(lambda c: store.info_now(c, PLAIN_VIEW)).update_seq == 1

    def test_conflicts_are_kept_and_the_winner_is_the_same_whatever_the_order(self, store: DocumentStore) -> None:
        drafts = [made("x", "b", "a"), made("x", "c", "a"), made("x", "d", "c", "a", deleted=True)]
        graft(store, *drafts)
        graft(store, *[Draft("y", d.rev, d.deleted, d.body, d.fields, path=d.path) for d in reversed(drafts)])
        assert leaves(store, "x") == leaves(store, "y") == [("2-b", False), ("3-d", True)]

    def test_missing_revisions_and_possible_ancestors(self, store: DocumentStore) -> None:
        graft(store, made("x", "b", "a"))
        asked = {"x": ["1-a", "2-b", "3-c"], "y": ["1-a"], "z": []}
        told = store.database.read_now(lambda c: store.missing_now(c, PLAIN_VIEW, asked))
        assert told == {"x": (["3-c"], ["2-b"]), "y": (["1-a"], []), "z": ([], [])}

    def test_histories_are_cut_at_the_limit(self, store: DocumentStore) -> None:
        store.database.write_now(lambda c: store.set_revs_limit_now(c, "plain", 2))
        graft(store, made("x", "c", "b", "a"))
        graft(store, made("x", "d", "c", "b", "a"))
        assert shown(store, "x", revs=True)["_revisions"] == {"start": 4, "ids": ["d", "c"]}

    def test_leaves_by_revision_latest_and_all(self, store: DocumentStore) -> None:
        graft(store, made("x", "b", "a"), made("x", "c", "a"))
        read = store.database.read_now
        both = read(lambda c: store.show_leaves_now(c, PLAIN_VIEW, "x", None, PLAIN))
        assert [rev for rev, _ in both] == ["2-c", "2-b"]
        some = read(lambda c: store.show_leaves_now(c, PLAIN_VIEW, "x", ["1-a", "9-z"], PLAIN))
        assert some == [("1-a", None), ("9-z", None)]
        latest = read(lambda c: store.show_leaves_now(c, PLAIN_VIEW, "x", ["1-a"], PLAIN, latest=True))
        assert [rev for rev, found in latest if found] == ["2-c", "2-b"]
        many = read(lambda c: store.show_many_now(c, PLAIN_VIEW, [("x", "2-b"), ("nix", "1-a"), ("x", None)], PLAIN))
        assert [[rev for rev, _ in each] for each in many] == [["2-b"], [], ["2-c", "2-b"]]


class TestAttachments:
    def with_content(self, store: DocumentStore, id_: str, content: bytes, name: str = "a") -> str:
        draft = edit(id_)
        draft.attachments = {name: Upload("text/plain", Inline(content))}
        outcome = write(store, [draft])[0]
        assert isinstance(outcome, Written)
        return outcome.rev

    def test_content_comes_back_in_pieces(self, store: DocumentStore) -> None:
        content = bytes(range(256)) * 4096
        self.with_content(store, "x", content)

        def read(connection: Connection) -> tuple[str, int, list[int], bytes]:
            found = store.attachment_now(connection, "plain", "x", "a")
            assert found is not None
            pieces = list(found.chunks)
            return found.content_type, found.length, [len(piece) for piece in pieces], b"".join(pieces)

        content_type, length, sizes, got = store.database.read_now(read)
        assert (content_type, length, got) == ("text/plain", len(content), content)
        assert max(sizes) <= 1024 * 1024
        assert store.database.read_now(lambda c: store.attachment_now(c, "plain", "x", "b")) is None
        assert store.database.read_now(lambda c: store.attachment_now(c, "plain", "nix", "a")) is None

    def test_a_stub_keeps_what_the_parent_had(self, store: DocumentStore) -> None:
        rev = self.with_content(store, "x", b"hello")
        draft = edit("x", {"n": 2}, rev)
        draft.attachments = {"a": Stub()}
        assert isinstance(write(store, [draft])[0], Written)
        stub = shown(store, "x")["_attachments"]["a"]
        assert (stub["length"], stub["revpos"], stub["stub"]) == (5, 1, True)
        assert shown(store, "x", attachments=True)["_attachments"]["a"]["data"] == "aGVsbG8="

    def test_a_stub_of_nothing_is_refused(self, store: DocumentStore) -> None:
        rev = self.with_content(store, "x", b"hello")
        for stub in ({"b": Stub()}, {"a": Stub("md5-nix")}):
            draft = edit("x", {}, rev)
            draft.attachments = stub
            outcome = write(store, [draft])[0]
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, MissingStub)

    def test_an_edit_by_the_application_keeps_attachments(self, store: DocumentStore) -> None:
        put(store, "x", {"n": 2}, self.with_content(store, "x", b"hello"))
        assert set(shown(store, "x")["_attachments"]) == {"a"}

    def test_one_is_added_and_taken_away(self, store: DocumentStore) -> None:
        upload = Upload("image/png", Inline(b"png"))
        write_ = store.database.write_now
        rev = write_(lambda c: store.attach_now(c, PLAIN_VIEW, PHONE, "x", "a", upload, rev=None))
        second = write_(lambda c: store.attach_now(c, PLAIN_VIEW, PHONE, "x", "b", upload, rev=rev))
        assert set(shown(store, "x")["_attachments"]) == {"a", "b"}
        third = write_(lambda c: store.attach_now(c, PLAIN_VIEW, PHONE, "x", "a", None, rev=second))
        assert set(shown(store, "x")["_attachments"]) == {"b"}
        with pytest.raises(AttachmentMissing):
            write_(lambda c: store.attach_now(c, PLAIN_VIEW, PHONE, "x", "a", None, rev=third))
        with pytest.raises(AttachmentMissing):
            store.database.read_now(lambda c: store.find_attachment_now(c, PLAIN_VIEW, "x", None, "a"))
        assert store.database.read_now(lambda c: store.find_attachment_now(c, PLAIN_VIEW, "x", rev, "a"))[0] == rev

    def test_content_is_gone_with_its_last_database(self, store: DocumentStore) -> None:
        self.with_content(store, "x", b"hello")
        found = store.database.read_now(lambda c: store.attachment_now(c, "plain", "x", "a"))
        assert found is not None
        store.database.write_now(lambda c: store.delete_now(c, "plain"))
        assert store.database.read_now(lambda c: store.piece_now(c, found.key, 0)) is None


class TestFeeds:
    def test_each_document_is_once_at_its_last_change(self, store: DocumentStore) -> None:
        first = put(store, "x", {})
        put(store, "y", {})
        put(store, "x", {"a": 1}, first)
        assert [id_ for id_, _ in page(store)] == ["y", "x"]
        assert [id_ for id_, _ in page(store, since=2)] == ["x"]
        assert [id_ for id_, _ in page(store, descending=True)] == ["x", "y"]
        assert [id_ for id_, _ in page(store, ids=["y", "nix"])] == ["y"]

    def test_pages_and_what_is_pending(self, store: DocumentStore) -> None:
        write(store, [edit(str(n)) for n in range(5)])
        got = store.database.read_now(lambda c: store.changes_now(c, PLAIN_VIEW, Ask(limit=2)))
        assert ([change.id for change in got.changes], got.last_seq, got.pending) == (["0", "1"], 2, 3)
        got = store.database.read_now(lambda c: store.changes_now(c, PLAIN_VIEW, Ask(since=2, limit=3)))
        assert (len(got.changes), got.last_seq, got.pending) == (3, 5, 0)
        got = store.database.read_now(lambda c: store.changes_now(c, PLAIN_VIEW, Ask(limit=0)))
        assert (len(got.changes), got.last_seq, got.pending) == (0, 0, 5)

    def test_all_leaves_or_the_winner_alone(self, store: DocumentStore) -> None:
        graft(store, made("x", "b"), made("x", "a"))
        assert page(store) == [("x", ("1-b",))]
        assert page(store, all_leaves=True) == [("x", ("1-b", "1-a"))]

    def test_listing_by_id(self, store: DocumentStore) -> None:
        write(store, [edit(id_, {"of": id_}) for id_ in ("a", "b", "c", "é", "门")])
        write(store, [edit("b", rev=leaves(store, "b")[0][0], deleted=True)])

        def listed(**wanted: Any) -> tuple[list[str], int]:
            found, offset = store.database.read_now(lambda c: store.list_now(c, PLAIN_VIEW, Range(**wanted), None))
            return [revision.id for revision in found], offset

        assert listed() == (["a", "c", "é", "门"], 0)
        assert listed(start="b", end="é") == (["c", "é"], 1)
        assert listed(start="b", end="é", inclusive_end=False) == (["c"], 1)
        assert listed(start="é", end="c", descending=True) == (["é", "c"], 1)
        assert listed(skip=1, limit=2) == (["c", "é"], 1)

    async def test_who_waits_is_woken_by_a_commit_and_not_by_old_news(self, store: DocumentStore) -> None:
        assert not await store.changed("plain", None, 0, 0.01)
        waiting = asyncio.ensure_future(store.changed("plain", None, 0, 10))
        other = asyncio.ensure_future(store.changed("areas", "one", 0, 10))
        await store.database.write(lambda c: store.put_now(c, PLAIN_VIEW, PHONE, "x", {}, rev=None))
        assert await asyncio.wait_for(waiting, 5)
        assert await store.changed("plain", None, 0, 0)
        assert not await store.changed("plain", None, 1, 0.01)
        assert not other.done()
        await store.database.write(lambda c: store.put_now(c, ONE, PHONE, "x", {}, rev=None))
        assert await asyncio.wait_for(other, 5)

    async def test_writes_of_another_process_are_noticed(self, make: Any) -> None:
        here, there = make({}), make({})
        waiting = asyncio.ensure_future(here.changed("plain", None, 0, 10))
        await asyncio.to_thread(put, there, "x", {})
        assert await asyncio.wait_for(waiting, 5)

    async def test_who_waits_is_told_that_the_database_is_gone(self, store: DocumentStore) -> None:
        put(store, "x", {})
        waiting = [
            asyncio.ensure_future(store.changed(*asked, 10)) for asked in (("plain", None, 1), ("plain", "s", 0))
        ]
        assert not await store.changed("plain", None, 1, 0.01)
        await store.database.write(lambda c: store.delete_now(c, "plain"))
        for each in waiting:
            with pytest.raises(DatabaseMissing):
                await asyncio.wait_for(each, 5)
        with pytest.raises(DatabaseMissing):
            await store.changed("plain", None, 1, 10)
        assert not await store.changed("plain", None, 0, 0.01)

    async def test_another_process_deletes_the_database(self, make: Any) -> None:
        here, there = make({}), make({})
        put(there, "x", {})
        waiting = asyncio.ensure_future(here.changed("plain", None, 1, 10))
        assert not await here.changed("plain", None, 1, 0.01)
        await asyncio.to_thread(there.database.write_now, lambda c: there.delete_now(c, "plain"))
        with pytest.raises(DatabaseMissing):
            await asyncio.wait_for(waiting, 5)

    async def test_the_identity_stays_until_it_is_renewed(self, store: DocumentStore) -> None:
        uuid = await store.uuid()
        assert len(uuid) == 32
        assert await store.uuid() == uuid
        assert await store.renew_uuid() != uuid
        assert await store.uuid() != uuid


class TestLocal:
    def test_checkpoints_are_apart_for_each_account_of_an_area(self, store: DocumentStore) -> None:
        def local(view: View, principal: Principal) -> Any:
            return orjson.loads(store.database.read_now(lambda c: store.local_now(c, view, principal, "x")))

        def keep(view: View, principal: Principal, rev: str | None, body: bytes = b'{"n":1.50}') -> str:
            return store.database.write_now(lambda c: store.put_local_now(c, view, principal, "x", rev, body))

        assert keep(ONE, PHONE, None) == "0-1"
        with pytest.raises(Conflict):
            keep(ONE, PHONE, None)
        assert keep(ONE, PHONE, "0-1") == "0-2"
        assert local(ONE, PHONE) == {"_id": "_local/x", "_rev": "0-2", "n": 1.5}
        for view, principal in ((TWO, PHONE), (ONE, ADMIN), (PLAIN_VIEW, PHONE)):
            with pytest.raises(DocumentMissing):
                local(view, principal)
        keep(PLAIN_VIEW, PHONE, None)
        assert local(PLAIN_VIEW, ADMIN)["_rev"] == "0-1"
        assert store.database.read_now(lambda c: store.list_local_now(c, ONE, PHONE)) == [("_local/x", "0-2")]
        store.database.write_now(lambda c: store.delete_local_now(c, ONE, PHONE, "x", "0-2"))
        with pytest.raises(DocumentMissing):
            store.database.write_now(lambda c: store.delete_local_now(c, ONE, PHONE, "x", "0-2"))


class ByField:
    """Rules for tests: a document's field ``in`` has its scopes, ``bad`` refuses it, ``quiet`` keeps it off feeds."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.stored: dict[str, Stored] = {}
        self.changed: list[Stored] = []

    def check(
        self,
        connection: Connection,
        principal: Principal,
        view: View,
        incoming: Sequence[Incoming],
        stored: Mapping[str, Stored],
    ) -> Sequence[Verdict]:
        del connection, principal, view
        self.asked += [(each.id, each.rev) for each in incoming]
        self.stored |= stored
        return [self.verdict(each) for each in incoming]

    def verdict(self, incoming: Incoming) -> Verdict:
        if "bad" in incoming.body:
            return Refuse(str(incoming.body["bad"]))
        scopes = tuple(incoming.body.get("in", ["one"]))
        return Accept(scopes[0], scopes, feed="quiet" not in incoming.body)

    def project(self, connection: Connection, changed: Sequence[Stored]) -> None:
        del connection
        self.changed += changed


class TestRules:
    @pytest.fixture
    def rules(self) -> ByField:
        return ByField()

    @pytest.fixture
    def ruled(self, make: Any, rules: Rules) -> DocumentStore:
        store: DocumentStore = make({"areas": rules})
        return store

    def test_what_is_refused_is_not_stored_and_the_rest_is(self, ruled: DocumentStore, rules: ByField) -> None:
        good, bad = graft(ruled, made("x", "a"), made("y", "b", body={"bad": "no"}), view=ONE)
        assert good == Written("x", "1-a")
        assert isinstance(bad, Rejected)
        assert isinstance(bad.error, Forbidden)
        assert (bad.rev, bad.error.reason) == ("1-b", "no")
        assert leaves(ruled, "y", "areas") == []
        assert [(each.id, each.rev, each.body) for each in rules.changed] == [("x", "1-a", {"n": "a"})]

    def test_only_new_revisions_are_asked_about(self, ruled: DocumentStore, rules: ByField) -> None:
        graft(ruled, made("x", "a"), view=ONE)
        graft(ruled, made("x", "a"), made("x", "b", "a"), view=ONE)
        assert rules.asked == [("x", "1-a"), ("x", "2-b")]
        assert rules.stored["x"].rev == "1-a"

    def test_read_models_hear_of_the_winner_whichever_leaf_came(self, ruled: DocumentStore, rules: ByField) -> None:
        graft(ruled, made("x", "b"), view=ONE)
        graft(ruled, made("x", "a"), view=ONE)
        assert [(each.rev, each.seq, each.body) for each in rules.changed] == [
            ("1-b", 1, {"n": "b"}),
            ("1-b", 2, {"n": "b"}),
        ]
        assert rules.changed[0].scopes == ("one",)
        assert rules.changed[0].scope_owner == "one"

    def test_a_view_stores_only_into_its_own_scope(self, ruled: DocumentStore) -> None:
        outcome = graft(ruled, made("x", "a", body={"in": ["two"]}), view=ONE)[0]
        assert isinstance(outcome, Rejected)
        assert isinstance(outcome.error, Forbidden)
        assert leaves(ruled, "x", "areas") == []

    def test_a_document_is_in_all_its_scopes_and_quiet_ones_in_no_feed(self, ruled: DocumentStore) -> None:
        graft(
            ruled,
            made("x", "a", body={"in": ["one", "all"]}),
            made("q", "a", body={"in": ["one"], "quiet": 1}),
            view=ONE,
        )
        assert [id_ for id_, _ in page(ruled, View("", "areas", "all"))] == ["x"]
        assert [id_ for id_, _ in page(ruled, ONE)] == ["x"]
        assert shown(ruled, "q", view=ONE)["quiet"] == 1
        listed, _ = ruled.database.read_now(lambda c: ruled.list_now(c, ONE, Range(), None))
        assert [revision.id for revision in listed] == ["x"]
        info = ruled.database.read_now(lambda c: ruled.info_now(c, ONE))
        assert (info.live, info.update_seq) == (1, 1)
        assert [id_ for id_, _ in page(ruled, WHOLE)] == ["x", "q"]

    def test_loading_the_same_again_changes_nothing(self, ruled: DocumentStore, rules: ByField) -> None:
        documents = [("x", {"a": 1, "bad": "not asked"}, "one", ["one", "all"]), ("y", {}, "two", ["two"])]

        def load() -> int:
            return ruled.database.write_now(lambda c: ruled.load_now(c, "areas", documents))

        assert (load(), load()) == (2, 0)
        documents[0] = ("x", {"a": 2}, "one", ["one", "all"])
        assert load() == 1
        assert [(each.id, each.body) for each in rules.changed][-1] == ("x", {"a": 2})
        assert leaves(ruled, "x", "areas")[0][0].startswith("2-")
        assert rules.asked == []
        assert [id_ for id_, _ in page(ruled, View("", "areas", "all"))] == ["x"]
        everything = ruled.database.read_now(lambda c: list(ruled.iterate_now(c, "areas")))
        assert [(each.id, set(each.scopes)) for each in everything] == [("x", {"one", "all"}), ("y", {"two"})]

    def test_the_applications_own_edits_stay_in_the_documents_scopes(self, ruled: DocumentStore) -> None:
        graft(ruled, made("x", "a", body={"in": ["one", "all"]}), view=ONE)
        ruled.database.write_now(
            lambda c: ruled.put_now(c, WHOLE, ADMIN, "x", {"bad": "trusted"}, rev="1-a", check=False)
        )
        assert [id_ for id_, _ in page(ruled, View("", "areas", "all"))] == ["x"]


class TestScopes:
    """Through a scope, what is outside it does not exist."""

    @pytest.fixture
    def walled(self, store: DocumentStore) -> DocumentStore:
        graft(store, made("mine", "a"), view=ONE)
        graft(store, made("theirs", "b"), made("gone", "b", deleted=True), view=TWO)
        return store

    def test_reading(self, walled: DocumentStore) -> None:
        read = walled.database.read_now
        with pytest.raises(DocumentMissing) as missing:
            shown(walled, "gone", view=ONE)
        assert not missing.value.deleted
        for rev in (None, "1-b"):
            with pytest.raises(DocumentMissing):
                shown(walled, "theirs", rev, view=ONE)
        with pytest.raises(DocumentMissing):
            read(lambda c: walled.show_leaves_now(c, ONE, "theirs", None, PLAIN))
        assert read(lambda c: walled.show_leaves_now(c, ONE, "theirs", ["1-b"], PLAIN)) == [("1-b", None)]
        assert read(lambda c: walled.show_many_now(c, ONE, [("theirs", "1-b"), ("theirs", None)], PLAIN)) == [[], []]
        assert read(lambda c: walled.winners_now(c, ONE, ["mine", "theirs", "gone"], PLAIN)).keys() == {"mine"}

    def test_listing_feeds_counts_and_differences(self, walled: DocumentStore) -> None:
        read = walled.database.read_now
        assert [each.id for each in read(lambda c: walled.list_now(c, ONE, Range(), PLAIN))[0]] == ["mine"]
        assert [id_ for id_, _ in page(walled, ONE)] == ["mine"]
        assert page(walled, ONE, ids=["theirs"]) == []
        info = read(lambda c: walled.info_now(c, ONE))
        assert (info.live, info.deleted, info.update_seq) == (1, 0, 1)
        info = read(lambda c: walled.info_now(c, TWO))
        assert (info.live, info.deleted, info.update_seq) == (1, 1, 3)
        asked = {"mine": ["1-a"], "theirs": ["1-b"]}
        assert read(lambda c: walled.missing_now(c, ONE, asked)) == {"theirs": (["1-b"], [])}
        empty = View("area-three", "areas", "three")
        assert page(walled, empty) == []
        assert read(lambda c: walled.info_now(c, empty)).live == 0

    def test_writing(self, walled: DocumentStore) -> None:
        outcomes = graft(walled, made("theirs", "b"), made("theirs", "c", "b"), made("gone", "x"), view=ONE)
        outcomes += write(walled, [edit("theirs", {"a": 1})], ONE)
        assert all(isinstance(each, Rejected) and isinstance(each.error, Forbidden) for each in outcomes)
        for outcome in write(walled, [edit("theirs", {"a": 1}, "1-b"), edit("nobody's", {"a": 1}, "1-b")], ONE):
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, Conflict)  # nobody can tell which of the two there is
        assert leaves(walled, "theirs", "areas") == [("1-b", False)]

    def test_attachments(self, walled: DocumentStore) -> None:
        upload = Upload("text/plain", Inline(b"secret"))
        write_ = walled.database.write_now
        write_(lambda c: walled.attach_now(c, TWO, PHONE, "theirs", "a", upload, rev="1-b"))
        with pytest.raises(DocumentMissing):
            walled.database.read_now(lambda c: walled.find_attachment_now(c, ONE, "theirs", None, "a"))
        draft = made("mine", "c", "a")
        draft.attachments = {"a": Stub(upload.content.md5)}
        outcome = graft(walled, draft, view=ONE)[0]
        assert isinstance(outcome, Rejected)
        assert isinstance(outcome.error, MissingStub)


def test_a_batch_takes_as_many_statements_as_one_document(store: DocumentStore) -> None:
    def statements(count: int) -> int:
        told = 0

        def count_one(*_: Any) -> None:
            nonlocal told
            told += 1

        drafts = [made(f"{count}-{n}", "b", "a") for n in range(count)]
        engine = store.database.write_now(lambda c: c.engine)
        event.listen(engine, "before_cursor_execute", count_one)
        graft(store, *drafts)
        graft(store, *[made(draft.id, "c", "b", "a") for draft in drafts])
        event.remove(engine, "before_cursor_execute", count_one)
        return told

    assert statements(300) <= statements(1)


def test_a_name_with_a_null_character_names_nothing(store: DocumentStore) -> None:
    put(store, "x", {"text": "a\0b"})
    assert shown(store, "x")["text"] == "a\0b"
    for ask in (
        lambda c: store.show_now(c, PLAIN_VIEW, "x\0", None, PLAIN),
        lambda c: store.find_attachment_now(c, PLAIN_VIEW, "x", None, "a\0"),
        lambda c: store.local_now(c, PLAIN_VIEW, PHONE, "a\0"),
    ):
        with pytest.raises((DocumentMissing, AttachmentMissing)):
            store.database.read_now(ask)
    assert store.database.read_now(lambda c: store.winners_now(c, PLAIN_VIEW, ["x\0", "x"], PLAIN)).keys() == {"x"}
    found, _ = store.database.read_now(lambda c: store.list_now(c, PLAIN_VIEW, Range(start="w\0"), None))
    assert [each.id for each in found] == ["x"]


def test_ids_are_any_text(store: DocumentStore) -> None:
    odd = [
        '"',
        "\\",
        '\\"',
        "{a,b}",
        ",",
        "NULL",
        "null",
        " ",
        "'; --",
        "%s",
        "?",
        "\n\t\x1f",
        "汉字",
        "\U0001f600",
        "{}",
    ]
    told = write(store, [edit(id_, {"id": id_}) for id_ in odd])
    assert [each.rev is not None for each in told if isinstance(each, Written)] == [True] * len(odd)
    found = store.database.read_now(lambda c: store.winners_now(c, PLAIN_VIEW, odd, PLAIN))
    assert {id_: orjson.loads(each.text)["id"] for id_, each in found.items()} == {id_: id_ for id_ in odd}
    listed, _ = store.database.read_now(lambda c: store.list_now(c, PLAIN_VIEW, Range(), None))
    assert [each.id for each in listed] == sorted(odd)
    for id_ in odd:
        assert list(store.database.read_now(lambda c, i=id_: store.winners_now(c, PLAIN_VIEW, [i], PLAIN))) == [id_]
