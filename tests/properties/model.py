"""What is true of all replicas together: every revision that was acknowledged anywhere, and what it replaced.

Written from the rules alone (CouchDB documentation, "Replication and conflict model"), without any of ``sync``: plain
sets of edges, looked through from end to end each time.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

ROOT = ""


@dataclass(frozen=True)
class Fact:
    """What one revision says."""

    deleted: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    attachments: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Name → type and content."""


class Document:
    """One document's revisions."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}
        self.facts: dict[str, Fact] = {}

    def learn(self, line: Sequence[str], fact: Fact) -> None:
        """Take an acknowledged revision and what is known of its ancestors, newest first."""
        for child, parent in zip(line, [*line[1:], ROOT], strict=True):
            known = self.parents.get(child, ROOT)
            assert ROOT in {known, parent} or known == parent, f"{child} replaced {known}, and {parent} too"
            self.parents[child] = known or parent
        assert self.facts.setdefault(line[0], fact) == fact, f"{line[0]} says two things"

    def line(self, rev: str) -> list[str]:
        """Return a revision and its ancestors, newest first."""
        line = []
        while rev != ROOT:
            line.append(rev)
            rev = self.parents[rev]
        return line

    def newest(self, revs: Iterable[str]) -> set[str]:
        """Return those of ``revs`` that are no ancestors of others: the leaves of who holds them all."""
        told = set(revs)
        replaced = {ancestor for rev in told for ancestor in self.line(rev)[1:]}
        return told - replaced

    def leaves(self) -> set[str]:
        """Return the leaves of who holds everything."""
        return set(self.parents) - set(self.parents.values())

    def winner(self, leaves: Iterable[str]) -> str:
        """Return the leaf that is shown: live before deleted, then the generation, then the digest as text."""

        def rank(rev: str) -> tuple[bool, int, str]:
            generation, _, digest = rev.partition("-")
            return not self.facts[rev].deleted, int(generation), digest

        return max(leaves, key=rank)


class Model:
    """All documents, and which leaves each replica is to have."""

    def __init__(self, names: Iterable[str]) -> None:
        self.documents: defaultdict[str, Document] = defaultdict(Document)
        self.held: dict[str, dict[str, set[str]]] = {name: {} for name in names}
        self._digests = 0

    def digest(self) -> str:
        """Return a new revision's digest: in no order, so that it wins as often as it loses."""
        self._digests += 1
        return f"{self._digests * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"

    def leaves(self, name: str, id_: str) -> list[str]:
        """Return a replica's leaves, in an order that does not change from run to run."""
        return sorted(self.held[name].get(id_, ()))

    def has(self, name: str, id_: str, revs: Iterable[str]) -> None:
        """Take note that a replica got revisions."""
        known = self.held[name].get(id_, set())
        self.held[name][id_] = self.documents[id_].newest(known | set(revs))

    def carried(self, source: str, target: str, ids: Iterable[str] | None = None) -> None:
        """Take note that all that ``source`` has, or has of ``ids``, went to ``target``."""
        for id_ in list(self.held[source]) if ids is None else ids:
            if id_ in self.held[source]:
                self.has(target, id_, self.held[source][id_])

    def span(self, id_: str, line: Sequence[str]) -> int:
        """Return how much of ``line`` must be told so that every replica sees which of its leaves are replaced.

        Histories that are cut shorter than that leave conflicts behind, different ones in different places: a limit of
        the protocol, which CouchDB's documentation states for ``_revs_limit``.
        """
        shown = {leaf for held in self.held.values() for leaf in held.get(id_, ())}
        return max((n for n, rev in enumerate(line, 1) if rev in shown), default=0)

    def longest_span(self) -> int:
        """Return the longest span of what there is."""
        return max(
            (self.span(id_, document.line(rev)) for id_, document in self.documents.items() for rev in document.facts),
            default=0,
        )

    def mixed_up(self, source: str, target: str) -> bool:
        """Tell whether stock PouchDB, pulling from a server, would give a revision the content of another.

        An attachment that its own winner does not have it fetches without naming the revision (pouchdb-replication 9.0,
        ``getDocAttachmentsFromTargetOrSource``): what comes is what the server's winner has under that name.
        """
        for id_, theirs in self.held[source].items():
            document, mine = self.documents[id_], self.held[target].get(id_)
            there = document.facts[document.winner(theirs)]
            here = document.facts[document.winner(mine)] if mine else None
            if here is None or here.deleted or there.deleted:
                continue
            asked = [document.facts[rev].attachments for rev in theirs - mine] if mine else []
            for name, content in (each for attachments in asked for each in attachments.items()):
                if here.attachments.get(name) != content and there.attachments.get(name, content) != content:
                    return True
        return False
