"""The digest that the store keeps is that of what the feed shows, whatever was done before."""

import asyncio
import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection

from sync.access import Accept, Incoming, Principal, Rules, Stored, Verdict, View
from sync.documents import Draft, compose
from sync.errors import Conflict, PullFirst, TooLarge
from sync.store import DocumentStore
from sync.store.sql import digests
from sync.store.values import Ask, Change, Compare, Digest, Range, Rejected, Show, Written
from tests.contracts.conftest import Make

IDS = ("a", "b", "文", "_design/d")
PLACES = ("one", "two")
SHOWN = (Show(revs=True), Show(revs=True, local_seq=True))
EXAMPLES = int(os.environ.get("BAIJIAMEN_DIGEST_EXAMPLES", "12"))
SOMEBODY = Principal("somebody", admin=True)


class ByField(Rules):
    """A document says itself in which scopes it is, and whether it is in their feeds."""

    def check(
        self,
        connection: Connection,
        principal: Principal,
        view: View,
        incoming: Sequence[Incoming],
        stored: Mapping[str, Stored],
    ) -> Sequence[Verdict]:
        del connection, principal, view, stored
        return [Accept(None, tuple(each.body.get("places", ())), bool(each.body.get("fed", True))) for each in incoming]

    def project(self, connection: Connection, winners: Sequence[Stored]) -> None:
        """There is nothing beside the documents."""


def share(id_: str, rev: str) -> int:
    return int(hashlib.md5(id_.encode() + b"\0" + rev.encode(), usedforsecurity=False).hexdigest(), 16)


def digest_of(documents: Sequence[Change]) -> tuple[int, int]:
    live = [each for each in documents if not each.deleted]
    return len(live), sum(share(each.id, each.revs[0]) for each in live) % 2**62


def digest(store: DocumentStore, view: View, **ask: Any) -> Digest:
    return store.database.read_now(lambda c: store.digest_now(c, view, Compare(**ask)))


def write(store: DocumentStore, view: View, drafts: Sequence[Draft], *, new_edits: bool = True) -> list[str]:
    written = store.database.write_now(lambda c: store.write_now(c, view, SOMEBODY, drafts, new_edits=new_edits))
    assert all(isinstance(each, Written) for each in written)
    return [each.rev or "" for each in written]


class Kept(RuleBasedStateMachine):
    """Anything that changes what is live, in a database of its own."""

    store: DocumentStore

    def __init__(self) -> None:
        super().__init__()
        self.view = View("areas", "areas")
        self.value = 0
        self.store.database.write_now(self._anew)

    def _anew(self, connection: Connection) -> None:
        """Purge all that an earlier run left."""
        leaves = {id_: [rev for rev, _ in self.store.leaves_now(connection, "areas", id_)] for id_ in (*IDS, "loaded")}
        self.store.purge_now(connection, self.view, {id_: revs for id_, revs in leaves.items() if revs})

    def leaves(self, id_: str) -> list[tuple[str, bool]]:
        return self.store.database.read_now(lambda c: self.store.leaves_now(c, "areas", id_))

    def write(self, drafts: Sequence[Draft], *, new_edits: bool = True) -> None:
        told = self.store.database.write_now(
            lambda c: self.store.write_now(c, self.view, SOMEBODY, drafts, new_edits=new_edits)
        )
        refused = [each.error for each in told if isinstance(each, Rejected)]
        assert all(isinstance(each, Conflict) for each in refused)  # of an id's second edit in one batch

    def fields(self, places: Sequence[str], *, fed: bool) -> dict[str, Any]:
        self.value += 1
        return {"value": self.value, "places": list(places), "fed": fed}

    @rule(
        ids=st.lists(st.sampled_from(IDS), min_size=1, max_size=4),
        pick=st.integers(0, 3),
        places=st.sets(st.sampled_from(PLACES)),
        fed=st.booleans(),
        deleted=st.booleans(),
    )
    def edit(self, ids: list[str], pick: int, places: set[str], *, fed: bool, deleted: bool) -> None:
        drafts = []
        for id_ in ids:
            leaves = self.leaves(id_)
            rev = leaves[pick % len(leaves)][0] if leaves else None
            drafts.append(compose(id_, self.fields(sorted(places), fed=fed), rev=rev, deleted=deleted))
        self.write(drafts)

    @rule(
        id_=st.sampled_from(IDS),
        generation=st.integers(1, 4),
        digest=st.sampled_from("0f"),
        places=st.sets(st.sampled_from(PLACES)),
        deleted=st.booleans(),
    )
    def graft(self, id_: str, generation: int, digest: str, places: set[str], *, deleted: bool) -> None:
        draft = compose(id_, self.fields(sorted(places), fed=True), rev=f"{generation}-{digest * 32}", deleted=deleted)
        draft.path = (generation, [digest * 32, "aa"][:generation])
        self.write([draft], new_edits=False)

    @rule(places=st.sets(st.sampled_from(PLACES)))
    def load(self, places: set[str]) -> None:
        loaded = [("loaded", self.fields((), fed=True), None, sorted(places))]
        self.store.database.write_now(lambda c: self.store.load_now(c, "areas", loaded))

    @rule(id_=st.sampled_from((*IDS, "loaded")), picks=st.sets(st.integers(0, 3), min_size=1))
    def purge(self, id_: str, picks: set[int]) -> None:
        leaves = self.leaves(id_)
        revs = [leaves[pick][0] for pick in picks if pick < len(leaves)]
        if revs:
            self.store.database.write_now(lambda c: self.store.purge_now(c, self.view, {id_: revs}))

    @rule(limit=st.integers(1, 3))
    def cut_histories(self, limit: int) -> None:
        self.store.database.write_now(lambda c: self.store.set_revs_limit_now(c, "areas", limit))
        asyncio.run(self.store.compact(self.view))

    @invariant()
    def scopes_show_their_documents_as_these_are(self) -> None:
        self.store.database.read_now(self._compare_scopes)

    def _compare_scopes(self, connection: Connection) -> None:
        every = {stored.id: stored for stored in self.store.iterate_now(connection, "areas")}
        leaves = {id_: tuple(rev for rev, _ in self.store.leaves_now(connection, "areas", id_)) for id_ in every}
        asked = [(id_, rev) for id_, revs in leaves.items() for rev in (None, "1-none", *revs)]
        told = {
            show: dict(zip(asked, self.store.show_many_now(connection, self.view, asked, show), strict=True))
            for show in SHOWN
        }
        for place in PLACES:
            view = View(place, "areas", place)
            shown = {id_: stored for id_, stored in every.items() if place in stored.scopes}
            changes = self.store.changes_now(connection, view, Ask(all_leaves=True)).changes
            assert [(each.id, each.rev, bool(each.deleted), each.seq, each.revs) for each in changes] == [
                (each.id, each.rev, each.deleted, each.seq, leaves[each.id])
                for each in sorted(shown.values(), key=lambda stored: stored.seq)
                if each.id in {change.id for change in changes}
            ]
            live = [id_ for id_ in sorted(shown) if not shown[id_].deleted and id_ in {each.id for each in changes}]
            assert [each.id for each in self.store.list_now(connection, view, Range(), None)[0]] == live
            for show in SHOWN:
                found = self.store.show_many_now(connection, view, asked, show)
                assert found == [told[show][id_, rev] if id_ in shown else [] for id_, rev in asked]

    @invariant()
    def is_that_of_the_feed(self) -> None:
        self.store.database.read_now(self._compare)

    def _compare(self, connection: Connection) -> None:
        for place in (None, *PLACES):
            view = self.view if place is None else View(place, "areas", place)
            changes = self.store.changes_now(connection, view, Ask()).changes
            told = self.store.digest_now(connection, view, Compare())
            assert (told.count, told.digest, told.changed) == (*digest_of(changes), ())
            for change in changes:
                ask = Compare(change.seq, without=[IDS[0]])
                past = self.store.digest_now(connection, view, ask)
                before = [each for each in changes if each.seq <= change.seq and each.id != IDS[0]]
                assert (past.seq, past.count, past.digest) == (change.seq, *digest_of(before))
                assert list(past.changed) == [each.id for each in changes if each.seq > change.seq]
                parted = self.store.digest_now(connection, view, replace(ask, buckets=4, listed=[1, 2]))
                assert replace(parted, buckets=(), documents=()) == past
                assert sum(total for _, total in parted.buckets) % 2**62 == past.digest
                live = {(each.id, each.revs[0]) for each in before if not each.deleted}
                counts = Counter(share(*each) >> 126 for each in live)
                assert [count for count, _ in parted.buckets] == [counts[bucket] for bucket in range(4)]
                assert set(parted.documents) == {each for each in live if share(*each) >> 126 in {1, 2}}


def test_it_is_kept_right(make: Make) -> None:
    class Machine(Kept):
        store = make({"areas": ByField()})

    sizes = settings(max_examples=EXAMPLES, stateful_step_count=15, deadline=None)
    run_state_machine_as_test(Machine, settings=sizes)


class TestComparing:
    def test_what_is_in_no_feed_of_a_scope_counts_in_the_whole_database_alone(self, make: Make) -> None:
        store = make({"areas": ByField()})
        one = View("one", "areas", "one")
        rev = write(store, one, [compose("photo", {"places": ["one"], "fed": False}, rev=None)])[0]
        assert (digest(store, one).count, digest(store, one, without=["photo"]).digest) == (0, 0)
        whole = digest(store, View("areas", "areas"))
        assert (whole.count, whole.digest) == (1, share("photo", rev) % 2**62)

    def test_an_unknown_scope_and_a_sequence_to_come(self, store: DocumentStore) -> None:
        assert digest(store, View("nowhere", "areas", "nowhere"), since=9, buckets=2) == Digest(
            0, 0, 0, (), ((0, 0), (0, 0))
        )

    def test_who_is_too_far_behind_is_to_pull(self, store: DocumentStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(digests, "LATER", 2)
        plain = View("plain", "plain")
        write(store, plain, [compose(id_, {}, rev=None) for id_ in "xyz"])
        assert digest(store, plain, since=1).changed == ("y", "z")
        with pytest.raises(PullFirst):
            digest(store, plain, since=0)

    def test_a_list_has_its_bound_and_long_feeds_are_read_in_pages(
        self, store: DocumentStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(digests, "PAGE", 2)
        monkeypatch.setattr(digests, "LISTED", 5)
        plain = View("plain", "plain")
        revs = write(store, plain, [compose(id_, {}, rev=None) for id_ in "vwxyz"])
        told = digest(store, plain, buckets=1, listed=[0])
        assert sorted(told.documents) == list(zip("vwxyz", revs, strict=True))
        assert told.buckets == ((5, digest(store, plain).digest),)
        write(store, plain, [compose("u", {}, rev=None)])
        with pytest.raises(TooLarge):
            digest(store, plain, buckets=1, listed=[0])
