"""Revision ids and revision trees: pure values, no storage, no clock, no randomness.

A revision id is ``<generation>-<digest>``. A document's revisions form a forest: usually one tree, several when
histories that were cut short (*stemmed*) could not be joined. What replicas exchange is a *path*: a revision and its
ancestors, newest first (the ``_revisions`` field: ``{"start": 3, "ids": [c, b, a]}``). Sources of the rules: CouchDB
documentation, chapters "Replication and conflict model" and "Replication protocol".

Merging is a join: every node carries facts that only ever grow (its parent becomes known, its body arrives), so trees
merged in any order, any grouping and any number of times are the same tree. The property tests say so.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import ge
from typing import Final, NamedTuple, Self

from sync.errors import BadRequest

_GENERATION, _DIGEST_ = "[1-9][0-9]{0,15}", "[0-9A-Za-z._~+/=-]{1,128}"
REV: Final = f"{_GENERATION}-{_DIGEST_}"
"""What a revision id looks like, as a regular expression."""
_REV: Final = re.compile(rf"({_GENERATION})-({_DIGEST_})\Z")
_REVS: Final = re.compile(rf"(?:{REV}\n)*+\Z")
_DIGEST: Final = re.compile(rf"{_DIGEST_}\Z")
_DIGESTS: Final = re.compile(rf"(?:{_DIGEST_}\n)*+\Z")

Path = tuple[int, Sequence[str]]
"""``(start, ids)``: the newest revision's generation, and the digests from it down to its oldest known ancestor."""


def parse(rev: str) -> tuple[int, str]:
    """Split a revision id into generation and digest. Raises ``BadRequest`` when it is none."""
    match = _REV.match(rev) if isinstance(rev, str) else None
    if match is None:
        raise BadRequest("Invalid rev format")
    return int(match[1]), match[2]


def check(rev: str) -> None:
    """Raise ``BadRequest`` unless ``rev`` is a revision id."""
    if not isinstance(rev, str) or _REV.match(rev) is None:
        raise BadRequest("Invalid rev format")


def sound(revs: Sequence[str]) -> bool:
    """Tell whether all of ``revs`` are revision ids: a tenth of what :func:`check` of each would take."""
    return _all(_REVS, revs)


def sound_paths(starts: Sequence[int], ids: Sequence[Sequence[str]]) -> bool:
    """Tell whether each of ``starts`` with its ``ids`` can be the history of a revision."""
    return (
        {*map(type, starts)} <= {int}
        and {*map(type, ids)} <= {list}
        and all(map(ge, starts, map(len, ids)))
        and all(ids)
        and _all(_DIGESTS, list(chain.from_iterable(ids)))
    )


def _all(lines: re.Pattern[str], words: Sequence[str]) -> bool:
    """Tell whether each of ``words`` is a line of ``lines``."""
    try:
        text = "\n".join([*words, ""])
    except TypeError:
        return False
    return lines.match(text) is not None and text.count("\n") == len(words)


def check_path(start: int, ids: Sequence[str]) -> None:
    """Raise ``BadRequest`` unless ``start`` and ``ids`` can be the history of a revision."""
    if type(start) is not int or not ids or start < len(ids) or not all(map(_DIGEST.match, ids)):
        raise BadRequest("Invalid _revisions: start must be a number not below the count of ids, each a digest")


def new_rev(parent: str | None, *, deleted: bool, body: bytes, attachments: Iterable[tuple[str, str, str]] = ()) -> str:
    """Return the id of an edit of ``parent``, the same wherever the same edit is made: 32 lowercase hex digits.

    ``body`` is the document's canonical JSON text, ``attachments`` are name, content type and digest, in any
    order.
    """
    generation = parse(parent)[0] if parent else 0
    digest = hashlib.md5(b"\1" if deleted else b"\0", usedforsecurity=False)
    digest.update((parent or "").encode() + b"\0" + body)
    for attachment in sorted(attachments):
        digest.update("".join(f"\0{told}" for told in attachment).encode())
    return f"{generation + 1}-{digest.hexdigest()}"


def order(rev: str, *, deleted: bool) -> tuple[bool, int, str]:
    """Return the key by which leaves are ranked; the greatest wins: live, then generation, then digest as text."""
    generation, _, digest = rev.partition("-")
    return not deleted, int(generation), digest


class Node(NamedTuple):
    """What is known of one revision. Merging two takes the greater of each fact."""

    parent: str = ""
    """The revision that it replaced; empty for a first revision, and where history was cut."""
    deleted: bool = False
    body: int = 0
    """Where the store keeps its body; 0 when it never had it."""

    def join(self, other: "Node") -> "Node":
        """Return the node that knows what either knows."""
        return Node(max(self.parent, other.parent), self.deleted or other.deleted, max(self.body, other.body))


class Leaf(NamedTuple):
    """A revision that nothing replaced yet and whose body arrived.

    One that was only told of as an ancestor is none, even where histories contradict each other and leave it childless.
    """

    rev: str
    deleted: bool
    body: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A document's revisions: each by its id. Values of this class are never changed; operations return new ones."""

    nodes: dict[str, Node]

    @classmethod
    def single(cls, rev: str, *, deleted: bool, body: int) -> Self:
        """Return the tree of a document with one revision."""
        return cls({rev: Node("", deleted, body)})

    @classmethod
    def of_path(cls, start: int, ids: Sequence[str], *, deleted: bool, body: int) -> Self:
        """Return the tree that one path tells of. ``deleted`` and ``body`` are those of the newest revision."""
        revs = [f"{start - i}-{digest}" for i, digest in enumerate(ids)]
        nodes = {rev: Node(parent) for rev, parent in zip(revs, [*revs[1:], ""], strict=True)}
        nodes[revs[0]] = Node(nodes[revs[0]].parent, deleted, body)
        return cls(nodes)

    def merge(self, other: "Tree") -> "Tree":
        """Return the tree that knows all that either knows: commutative, associative, idempotent."""
        nodes = dict(self.nodes)
        for rev, node in other.nodes.items():
            mine = nodes.get(rev)
            nodes[rev] = node if mine is None else mine.join(node)
        return Tree(nodes)

    def graft(self, start: int, ids: Sequence[str], *, deleted: bool, body: int) -> "Tree":
        """Return the tree with one more path in it."""
        return self.merge(Tree.of_path(start, ids, deleted=deleted, body=body))

    def leaves(self) -> list[Leaf]:
        """Return all leaves, the winner first."""
        inner = {node.parent for node in self.nodes.values()}
        found = [
            Leaf(rev, node.deleted, node.body) for rev, node in self.nodes.items() if node.body and rev not in inner
        ]
        return sorted(found, key=lambda leaf: order(leaf.rev, deleted=leaf.deleted), reverse=True)

    @property
    def winner(self) -> Leaf:
        """The leaf that every replica shows: :func:`order` decides, never time."""
        return self.leaves()[0]

    def conflicts(self) -> list[str]:
        """Return the live leaves beside a winner."""
        return [leaf.rev for leaf in self.leaves()[1:] if not leaf.deleted]

    def deleted_conflicts(self) -> list[str]:
        """Return the deleted leaves beside a winner."""
        return [leaf.rev for leaf in self.leaves()[1:] if leaf.deleted]

    def is_leaf(self, rev: str) -> bool:
        """Tell whether ``rev`` is here and nothing replaced it."""
        return any(leaf.rev == rev for leaf in self.leaves())

    def ancestry(self, rev: str) -> list[str]:
        """Return ``rev`` and its known ancestors, newest first; empty when it is not here."""
        return list(self._line(rev))

    def _line(self, rev: str) -> Iterator[str]:
        while rev in self.nodes:
            yield rev
            rev = self.nodes[rev].parent

    def heirs(self, rev: str) -> list[str]:
        """Return the leaves that descend from ``rev``, the winner first; ``rev`` itself if it is one."""
        descend = {rev: True}
        for leaf in self.leaves():
            line: list[str] = []
            for each in self._line(leaf.rev):
                if each in descend:
                    descend |= dict.fromkeys(line, descend[each])
                    break
                line.append(each)
            else:
                descend |= dict.fromkeys(line, False)
        return [leaf.rev for leaf in self.leaves() if descend[leaf.rev]]

    def missing(self, revs: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return which of ``revs`` are not here, and the leaves old enough to be ancestors of one of them."""
        absent = [rev for rev in revs if rev not in self.nodes]
        newest = max((parse(rev)[0] for rev in absent), default=0)
        return absent, [leaf.rev for leaf in self.leaves() if parse(leaf.rev)[0] < newest]

    def without(self, revs: Iterable[str]) -> "Tree":
        """Return the tree without these leaves, and without the ancestors that no other leaf has."""
        gone = set(revs)
        kept: dict[str, Node] = {}
        for leaf in self.leaves():
            if leaf.rev not in gone:
                kept |= {rev: self.nodes[rev] for rev in self.ancestry(leaf.rev)}
        return Tree(kept)

    def stem(self, limit: int) -> "Tree":
        """Return the tree cut to the newest ``limit`` revisions of each leaf's line."""
        if len(self.nodes) <= limit:
            return self
        kept: dict[str, Node] = {}
        for leaf in sorted(self.leaves(), key=lambda leaf: int(leaf.rev.partition("-")[0])):
            for rev in islice(self._line(leaf.rev), limit):
                if rev in kept:
                    break  # a lower leaf kept as much of the rest as this one may, or more
                kept[rev] = self.nodes[rev]
        return Tree({rev: node if node.parent in kept else node._replace(parent="") for rev, node in kept.items()})

    def dump(self) -> str:
        """Return the tree as text: each leaf's line down to what an earlier line told already.

        ``3-c:9,b:5,a:1;2-x*:7,a`` is revision 3-c, whose body lies at 9, over 2-b over 1-a, and a tombstone 2-x over
        the same 1-a.
        Equal trees have equal texts.
        """
        told: set[str] = set()
        lines = []
        for leaf in self.leaves():
            words = []
            for rev in self._line(leaf.rev):
                digest = rev.partition("-")[2]
                if rev in told:
                    words.append(digest)
                    break
                told.add(rev)
                node = self.nodes[rev]
                words.append(f"{digest}{'*' if node.deleted else ''}{f':{node.body}' if node.body else ''}")
            lines.append(f"{leaf.rev.partition('-')[0]}-{','.join(words)}")
        return ";".join(lines)

    @classmethod
    def load(cls, text: str) -> Self:
        """Return the tree that :meth:`dump` wrote."""
        nodes: dict[str, Node] = {}
        for line in text.split(";"):
            start, _, rest = line.partition("-")
            child = ""
            for generation, word in zip(range(int(start), 0, -1), rest.split(","), strict=False):
                name, _, body = word.partition(":")
                deleted = name.endswith("*")
                rev = f"{generation}-{name.removesuffix('*')}"
                if child:
                    nodes[child] = nodes[child]._replace(parent=rev)
                if rev in nodes:
                    break
                nodes[rev] = Node("", deleted, int(body or 0))
                child = rev
        return cls(nodes)


def tips(text: str) -> set[str]:
    """Return the leaves of the tree whose :meth:`Tree.dump` is ``text``."""
    return {line.partition(",")[0].partition(":")[0].removesuffix("*") for line in text.split(";")}


def prolonged(
    text: str, start: int, ids: Sequence[str], *, deleted: bool, body: int, limit: int
) -> tuple[str, list[int]] | None:
    """Return what :meth:`Tree.dump` writes of a tree of one line, with one more revision over its leaf.

    ``text`` is the tree as it was; with the new text come the bodies of what is beyond ``limit``. This is what nearly
    every write does, and a history of ten thousand revisions need not be taken apart for it. ``None``: there are other
    lines, or the path ``(start, ids)`` says something else.
    """
    generation, _, rest = text.partition("-")
    if ";" in text or start != int(generation) + 1 or len(ids) == 1:
        return None
    words = rest.split(",", len(ids) - 1)
    known = words[: len(ids) - 1]
    if len(known) < len(ids) - 1 and len(known) + 1 < limit:
        return None  # it tells of ancestors that are to be kept
    for word, digest in zip(known, ids[1:], strict=False):
        if not word.startswith(digest) or word[len(digest) : len(digest) + 1] not in _ENDS:
            return None
    line = f"{start}-{ids[0]}{'*' if deleted else ''}:{body},{rest}"
    beyond = line.count(",") + 1 - limit
    if beyond <= 0:
        return line, []
    line, *gone = line.rsplit(",", beyond)
    return line, [int(word.partition(":")[2]) for word in gone if ":" in word]


_ENDS: Final = frozenset({"", "*", ":"})
"""What can follow a digest in a word of a tree's text."""
