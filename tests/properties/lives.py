"""Lives of replicas: what happens to them at random, and what holds all along and in the end."""

import base64
import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.properties.model import Fact, Model
from tests.properties.replicas import ALL, Carrier, InMemory, OverHttp, Replica, Seen, attached, some

IDS: Final = ("a", "b/ü 进", "_design/c")
NAMES: Final = ("photo.jpg", "a b/照片")
TYPES: Final = ("image/jpeg", "text/plain")
CONTENTS: Final = {"empty": b"", "letter": b"x", "text": "照片".encode() * 30, "bytes": bytes(range(256)) * 40}
MEMORY: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where files cost no flush to a disk."""
_NUMBER = itertools.count()

which = st.integers(0, 11)
"""Picks one of what there is."""
attachments = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(st.just("keep"), st.tuples(st.sampled_from(TYPES), st.sampled_from(list(CONTENTS)))),
    max_size=2,
)
"""Name → new content, or that of the parent. What is not named is removed."""
Told = dict[str, Any]


class Way(NamedTuple):
    """How something is to be carried."""

    batch: int = 100
    cut: bool = False
    """Only until the first batch has arrived."""
    by: int = 0
    """0, 1: a real replicator, at the source or the target where both could; 2: the test's own."""
    only: list[str] | None = None
    """The ids of some documents."""


class Convergence(RuleBasedStateMachine):
    """One life, on the replicas that :meth:`make` makes."""

    did: ClassVar[Counter[str]] = Counter()
    tombstones_have_attachments: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.number: Final = next(_NUMBER)
        self.folder: Final = tempfile.TemporaryDirectory(dir=MEMORY)
        self.replicas: Final = self.make(Path(self.folder.name))
        self.names: Final = [replica.name for replica in self.replicas]
        self.model: Final = Model(self.names)
        self.carrier: Final = Carrier()
        self.limits: Final = dict.fromkeys(self.names, ALL)
        self.did["examples"] += 1

    def make(self, folder: Path) -> Sequence[Replica]:
        return [InMemory(name, folder) for name in ("left", "middle", "right")]

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self.everything_syncs()
        for replica in self.replicas:
            replica.close()
        self.folder.cleanup()

    # -- what happens --------------------------------------------------------------------------------------------------

    @rule(
        at=which,
        id_=st.sampled_from(IDS),
        pick=which,
        deleted=st.booleans(),
        value=st.integers(0, 2),
        attach=attachments,
    )
    def edit(self, at: int, id_: str, pick: int, *, deleted: bool, value: int, attach: Told) -> None:
        replica, id_ = self.at(at), self.id(id_)
        document, leaves = self.model.documents[id_], self.model.leaves(replica.name, id_)
        anew = not leaves or (pick == 0 and all(document.facts[leaf].deleted for leaf in leaves) and not deleted)
        parent = None if anew else leaves[pick % len(leaves)]
        if anew and self.tightest() < ALL:
            # The very document made anew where it is unknown has the same revision. Elsewhere that may be an ancestor
            # that was cut off: then nothing tells here that it was replaced.
            value = 3 + len(document.facts)
        if self.model.span(id_, ["new", *(document.line(parent) if parent else ())]) > self.tightest():
            return
        attach = self.allowed(attach, deleted=deleted)
        old = document.facts[parent].attachments if parent else {}
        stubs = replica.get(id_, parent)["_attachments"] if parent and old else {}
        told: Told = {"_id": id_, "value": value} | ({"_rev": parent} if parent else {})
        new, given = {}, {}
        for name, content in attach.items():
            if content != "keep":
                new[name], given[name] = _content(*content), _given(*content)
            elif name in old:
                new[name], given[name] = old[name], stubs[name]
        told |= ({"_deleted": True} if deleted else {}) | ({"_attachments": given} if given else {})
        rev = replica.edit(told)
        if anew:
            parent = self.parent_of(replica, id_, rev)
            assert parent in {None, document.winner(leaves) if leaves else None}
        document.learn([rev, *(document.line(parent) if parent else ())], Fact(deleted, {"value": value}, new))
        self.model.has(replica.name, id_, [rev])
        self.look(replica)

    def parent_of(self, replica: Replica, id_: str, rev: str) -> str | None:
        [doc] = replica.fetch([(id_, rev)])
        line = doc["_revisions"]["ids"]
        return f"{doc['_revisions']['start'] - 1}-{line[1]}" if len(line) > 1 else None

    @rule(
        at=which,
        id_=st.sampled_from(IDS),
        base=st.integers(0, 40),
        length=st.one_of(st.integers(1, 4), st.just(30)),
        below=st.integers(0, 3),
        told=st.integers(0, 10),
        deleted=st.booleans(),
        attach=attachments,
    )
    def arrive(
        self, at: int, id_: str, base: int, length: int, below: int, told: int, *, deleted: bool, attach: Told
    ) -> None:
        """A revision made elsewhere, over any revision or none, with more or less of its history."""
        replica, id_ = self.at(at), self.id(id_)
        document = self.model.documents[id_]
        pick = base % (len(document.parents) + 1)
        over = document.line(sorted(document.parents)[pick - 1]) if pick else []
        oldest = int(over[0].partition("-")[0]) if over else below
        line = [f"{oldest + n}-{self.model.digest()}" for n in range(length, 0, -1)] + over
        span = self.model.span(id_, line)
        if span > self.tightest():
            return
        kept = line[: max(1, span, told)]
        attach = self.allowed(attach, deleted=deleted)
        fresh = {name: content for name, content in attach.items() if content != "keep"}
        new = {name: _content(*content) for name, content in fresh.items()}
        start, ids = int(line[0].partition("-")[0]), [rev.partition("-")[2] for rev in kept]
        doc: Told = {"_id": id_, "_rev": line[0], "_revisions": {"start": start, "ids": ids}, "at": replica.name}
        doc |= {"_deleted": True} if deleted else {}
        doc |= {"_attachments": {name: _given(*content) for name, content in fresh.items()}} if new else {}
        replica.take([doc])
        document.learn(line, Fact(deleted, {"at": replica.name}, new))
        self.model.has(replica.name, id_, line[:1])
        self.look(replica)

    @rule(
        one=which,
        step=which,
        batch=st.integers(1, 3),
        how=st.sampled_from(["all", "all", "cut", "some"]),
        by=st.integers(0, 2),
        forget=st.booleans(),
        ids=st.lists(st.sampled_from(IDS), min_size=1, max_size=2, unique=True),
    )
    def sync(self, one: int, step: int, batch: int, how: str, by: int, *, forget: bool, ids: list[str]) -> None:
        """One direction: all, some documents, or until it breaks off."""
        source, target = self.at(one), self.at(one + 1 + step % (len(self.replicas) - 1))
        if forget:
            self.carrier.forget(target.name)
            target.forget()
        only = [self.id(id_) for id_ in ids] if how == "some" else None
        self.carry(source, target, Way(batch, how == "cut", by, only))
        if how != "cut":
            self.model.carried(source.name, target.name, only)
        self.look(target, exact=how != "cut")

    def carry(self, source: Replica, target: Replica, way: Way) -> int:
        """Replicate in one direction; return how many revisions went."""
        if way.only is not None:
            return some(source, target, way.only)
        return self.carrier.carry(source, target, batch=way.batch, cut=way.cut)

    @rule(at=which)
    def compact(self, at: int) -> None:
        replica = self.at(at)
        if self.whole(replica):
            replica.compact()
            self.look(replica)

    @rule(at=which, revs=st.sampled_from([2, 3, 5, 10, ALL]))
    def limit(self, at: int, revs: int) -> None:
        replica = self.at(at)
        if self.whole(replica) and revs >= self.model.longest_span():
            replica.limit(revs)
            self.limits[replica.name] = revs
            self.look(replica)

    @rule(at=which)
    def restart(self, at: int) -> None:
        replica = self.at(at)
        replica.restart()
        self.look(replica)

    @precondition(lambda self: any(self.model.held.values()))
    @rule()
    def everything_syncs(self) -> None:
        """By way of one of them, until there is nothing new for anybody."""
        hub, *others = self.replicas
        for source, target in [(each, hub) for each in others] + [(hub, each) for each in others]:
            self.carry(source, target, Way())
            self.model.carried(source.name, target.name)
        for replica in self.replicas:
            self.look(replica)
            held = {id_: set(leaves) for id_, leaves in self.model.held[replica.name].items()}
            assert held == {id_: document.leaves() for id_, document in self.model.documents.items() if document.facts}
        assert len({digest for replica in self.replicas if (digest := replica.digest())}) <= 1
        for source, target in [(each, hub) for each in others] + [(hub, each) for each in others]:
            assert self.carry(source, target, Way(by=1)) == 0

    # -- what holds ----------------------------------------------------------------------------------------------------

    def look(self, replica: Replica, *, exact: bool = True) -> None:
        """What a replica shows is what the model says; without ``exact``, that and perhaps more of what it may have."""
        self.did["steps"] += 1
        seen = Seen(replica)
        held = self.model.held[replica.name]
        for id_, revs in seen.leaves.items():
            document = self.model.documents[id_]
            assert len(revs) == len(set(revs)), f"{replica.name} lists a leaf of {id_} twice: {revs}"
            assert set(revs) <= document.facts.keys(), f"{replica.name} made up a revision of {id_}: {revs}"
            if not exact:
                assert document.newest({*revs, *held.get(id_, ())}) == set(revs), f"{replica.name} lost some of {id_}"
                held[id_] = set(revs)
            assert seen.winners[id_] == document.winner(revs)
        for id_ in seen.leaves.keys() | held.keys():
            more, less = (set(seen.leaves.get(id_, ())), held.get(id_, set()))
            assert more == less, f"{replica.name} shows {more - less} of {id_} too much, {less - more} not"
        assert seen.docs.keys() == {(id_, rev) for id_, revs in held.items() for rev in revs}
        for (id_, rev), doc in seen.docs.items():
            fields = {name: value for name, value in doc.items() if not name.startswith("_")}
            shown = Fact(doc.get("_deleted", False), fields, attached(doc))
            assert shown == self.model.documents[id_].facts[rev], f"{id_} {rev} at {replica.name}"
            start, ids = doc["_revisions"]["start"], doc["_revisions"]["ids"]
            line = [f"{start - n}-{digest}" for n, digest in enumerate(ids)]
            assert line == self.model.documents[id_].line(rev)[: len(line)], f"history of {id_} {rev} at {replica.name}"
        deleted = [self.model.documents[id_].facts[rev].deleted for id_, rev in seen.winners.items()]
        live, gone = seen.counts
        assert live == deleted.count(False)
        assert gone in {None, deleted.count(True)}

    def at(self, pick: int) -> Replica:
        return self.replicas[pick % len(self.replicas)]

    def id(self, id_: str) -> str:
        """Return the id in this life: those of an area are shared with other lives."""
        return f"{id_} {self.number}"

    def whole(self, replica: Replica) -> bool:
        """Tell whether it is a database of its own, which is compacted and limited."""
        return not isinstance(replica, OverHttp) or not replica.database.startswith("area-")

    def allowed(self, attach: Told, *, deleted: bool) -> Told:
        return attach if self.tombstones_have_attachments or not deleted else {}

    def tightest(self) -> int:
        return min(self.limits.values())


def _content(kind: str, what: str) -> tuple[str, bytes]:
    return kind, CONTENTS[what]


def _given(kind: str, what: str) -> Told:
    return {"content_type": kind, "data": base64.b64encode(CONTENTS[what]).decode()}
