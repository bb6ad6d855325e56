"""Replicas that edit, delete and sync at random, partly and in any order, end with the same leaves and winner."""

import tempfile
from pathlib import Path
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sync.access import Principal, View
from sync.documents import Draft, draft
from sync.jsontext import members, parse
from sync.limits import Limits
from sync.store import Store, Written
from sync.store.database import Database
from sync.store.values import Ask, Revision, Show

NAMES = ("left", "middle", "right")
IDS = ("a", "b", "c")
SOMEBODY = Principal("somebody", admin=True)


class Replica:
    """One database of the store, and how far it has read the others."""

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self.view = View(name, name)
        self.since: dict[str, int] = {}
        store.database.write_now(lambda connection: store.create_now(connection, name))

    def leaves(self, id_: str) -> list[tuple[str, bool]]:
        return self.store.database.read_now(lambda c: self.store.leaves_now(c, self.view.database, id_))

    def edit(self, id_: str, rev: str | None, value: int, *, deleted: bool) -> None:
        fields = {"value": value}
        told = Draft(id_, rev, deleted, orjson.dumps(fields), fields)
        outcome = self.store.database.write_now(
            lambda c: self.store.write_now(c, self.view, SOMEBODY, [told], new_edits=True)
        )[0]
        assert isinstance(outcome, Written), outcome

    def pull(self, other: "Replica", limit: int) -> bool:
        """Do what a replicator does with at most ``limit`` changes; return whether all is pulled."""
        read, store = self.store.database.read_now, self.store
        since = self.since.get(other.view.name, 0)
        ask = Ask(since=since, limit=limit, all_leaves=True)
        page = read(lambda c: store.changes_now(c, other.view, ask))
        assert [change.seq for change in page.changes] == sorted({change.seq for change in page.changes})
        missing = read(lambda c: store.missing_now(c, self.view, {change.id: change.revs for change in page.changes}))
        wanted = [(id_, rev) for id_, (revs, _) in missing.items() for rev in revs]
        found = read(lambda c: store.show_many_now(c, other.view, wanted, Show(revs=True, attachments=True)))
        drafts = [_again(revision.text) for group in found for _, revision in group if isinstance(revision, Revision)]
        outcomes = store.database.write_now(lambda c: store.write_now(c, self.view, SOMEBODY, drafts, new_edits=False))
        assert all(isinstance(outcome, Written) for outcome in outcomes)
        self.since[other.view.name] = page.last_seq
        return not page.changes


def _again(text: bytes) -> Draft:
    return draft(members(text), parse(text), limits=Limits(), new_edits=False)


class Convergence(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(f"sqlite:///{Path(self.folder.name)}/store.db")
        store = Store(self.database)
        self.database.write_now(store.create_tables_now)
        self.replicas = {name: Replica(store, name) for name in NAMES}
        self.value = 0

    def teardown(self) -> None:
        for _ in range(2):
            for one in self.replicas.values():
                for other in self.replicas.values():
                    while one is not other and not one.pull(other, 2):
                        pass
        for id_ in IDS:
            told = [replica.leaves(id_) for replica in self.replicas.values()]
            assert told[0] == told[1] == told[2]
            bodies = [self.body(name, id_, told[0]) for name in NAMES]
            assert bodies[0] == bodies[1] == bodies[2]
        self.database.close()
        self.folder.cleanup()

    def body(self, name: str, id_: str, leaves: list[tuple[str, bool]]) -> list[Any]:
        store = self.replicas[name].store
        return [self.database.read_now(lambda c, rev=rev: store.revision_now(c, name, id_, rev)) for rev, _ in leaves]

    @rule(name=st.sampled_from(NAMES), id_=st.sampled_from(IDS), pick=st.integers(0, 5), deleted=st.booleans())
    def edit(self, name: str, id_: str, pick: int, *, deleted: bool) -> None:
        replica = self.replicas[name]
        leaves = replica.leaves(id_)
        rev = leaves[pick % len(leaves)][0] if leaves else None
        self.value += 1
        replica.edit(id_, rev, self.value, deleted=deleted)

    @rule(name=st.sampled_from(NAMES), id_=st.sampled_from(IDS), value=st.integers(0, 1))
    def make_the_same_at_several(self, name: str, id_: str, value: int) -> None:
        replica = self.replicas[name]
        if not replica.leaves(id_):
            replica.edit(id_, None, value, deleted=False)

    @rule(one=st.sampled_from(NAMES), other=st.sampled_from(NAMES), limit=st.integers(1, 4))
    def sync(self, one: str, other: str, limit: int) -> None:
        if one != other:
            self.replicas[one].pull(self.replicas[other], limit)

    @invariant()
    def counts_are_what_is_there(self) -> None:
        for replica in self.replicas.values():
            winners = [leaves[0] for id_ in IDS if (leaves := replica.leaves(id_))]
            info = self.database.read_now(lambda c, r=replica: r.store.info_now(c, r.view))
            assert info.live == sum(not deleted for _, deleted in winners)
            assert info.deleted == sum(deleted for _, deleted in winners)


TestConvergence = Convergence.TestCase
TestConvergence.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
