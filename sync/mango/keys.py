"""Keys of indexes: of a document, and the range of them in which all that a selector matches lies.

A key is the keys of the index's fields one after the other (:mod:`sync.collate`): each says itself where it ends, so
that they sort as the lists of the values do.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sync import collate
from sync.mango.index import Index
from sync.matching import ASTRAY, MISSING, Matcher, at, matcher
from sync.selector import And, Node, Test, names, shown
from sync.store.values import PLAIN, Show

WHOLE: Final = 64 * 1024
"""Bytes of a key that count; a bookmark has them, and has to fit into a request."""
MADE: Final = 1
"""Changes with how keys are made: indexes of before are then made anew."""
RANGES: Final = frozenset({"$lt", "$lte", "$eq", "$gte", "$gt", "$beginsWith"})
"""Conditions that an index can narrow down."""
_ABOVE: Final = b"\xff" * 4
"""Behind a key or the beginning of one: above all that goes on from there. No weight begins with these bytes."""


class KeyOf:
    """What a document sorts by in an index."""

    def __init__(self, index: Index) -> None:
        self._paths: Final = [names(field) for field in index.fields]
        self._partial: Final[Matcher | None] = None if index.partial is None else matcher(index.partial)
        text = orjson.dumps([index.fields, None if index.partial is None else shown(index.partial)])
        self.show: Final = Show(conflicts=True) if b"_conflicts" in text else PLAIN
        """With which fields the document is to be given."""

    def __call__(self, document: Any, most: int = WHOLE) -> bytes | None:
        """Return the first ``most`` bytes of a document's key, or ``None`` when it is not in the index."""
        if self._partial is not None and not self._partial(document):
            return None
        out = b""
        for path in self._paths:
            value = at(document, path)
            if value is MISSING or value is ASTRAY:
                return None
            if len(out) < most:
                out += collate.key(value, most - len(out))
        return out


def signature(index: Index) -> str:
    """Return what two indexes share that have the same keys, whatever their names and directions."""
    partial = None if index.partial is None else shown(index.partial)
    text = orjson.dumps([MADE, index.fields, partial])
    return hashlib.sha256(text).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Keys from ``low`` on and below ``high``."""

    low: bytes
    high: bytes
    start: tuple[Any, ...]
    """The values behind ``low``, one for each field that narrows; for ``_explain``."""
    end: tuple[Any, ...]

    def cut(self, most: int) -> tuple[bytes, bytes]:
        """Return them for keys of which only ``most`` bytes are kept."""
        return self.low[:most], self.high if len(self.high) <= most else self.high[:most] + _ABOVE


@dataclass(frozen=True, slots=True)
class _Edge:
    """One end of a range of one field's values."""

    key: bytes
    value: Any
    last: bool = False
    """What the next fields are does not matter here."""


def bounds(index: Index, selector: Node) -> Bounds:
    """Return a range of the index's keys in which all lies that ``selector`` matches."""
    low, high, start, end = b"", b"", [], []
    going_low = going_high = True
    for field in index.fields:
        lows, highs = _edges(selector, field)
        going_low, going_high = going_low and bool(lows), going_high and bool(highs)
        if going_low:
            edge = max(lows, key=lambda each: each.key)
            low += edge.key
            start.append(edge.value)
            going_low = not edge.last
        if going_high:
            edge = min(highs, key=lambda each: each.key + (b"" if each.last else _ABOVE))
            high += edge.key
            end.append(edge.value)
            going_high = not edge.last
            if edge.last:
                return Bounds(low, high, tuple(start), tuple(end))
        if not going_low and not going_high:
            break
    return Bounds(low, high + _ABOVE, tuple(start), tuple(end))


def _edges(selector: Node, field: str) -> tuple[list[_Edge], list[_Edge]]:
    lows, highs = [], []
    for test in _tests(selector, field):
        value, operator = test.argument, test.operator
        if operator == "$beginsWith":
            begin = collate.beginning(value)
            lows.append(_Edge(begin, value, last=True))
            highs.append(_Edge(begin + _ABOVE, value + "\uffff", last=True))
            continue
        if field == "_id" and operator != "$eq":
            continue  # ids are compared by code point, and lie here in the order of texts
        own = collate.key(value, WHOLE)
        if operator in {"$eq", "$gte"}:
            lows.append(_Edge(own, value))
        if operator in {"$eq", "$lte"}:
            highs.append(_Edge(own, value))
        if operator == "$gt":
            lows.append(_Edge(own + _ABOVE, value, last=True))
        if operator == "$lt":
            highs.append(_Edge(own, value, last=True))
    return lows, highs


def _tests(node: Node, field: str) -> Iterator[Test]:
    """Yield the conditions on ``field`` that hold of every match."""
    if isinstance(node, And):
        for part in node.parts:
            yield from _tests(part, field)
    elif isinstance(node, Test) and node.field == field and node.operator in RANGES and not node.negated:
        yield node
