"""Selectors of Mango queries: read, checked and brought into one normal form ("Find" in CouchDB's documentation).

Fields are pushed down to the conditions, so that ``{"a": {"b": {"$gt": 1}}}`` and ``{"a.b": {"$gt": 1}}`` are one, and
negations as far down as they go, so that ``{"$not": {"a": {"$lt": 5}}}`` is ``{"a": {"$gte": 5}}``. A condition, turned
round or not, holds of no document that lacks the field, except ``{"$exists": false}``.

What is bounded: :data:`DEPTH` levels, :data:`CONDITIONS` conditions, :data:`PATTERN` characters of a pattern. Patterns
are RE2's, whose time grows only with the length of the text: what only backtracking can do, looking around and
referring back, is a bad argument.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import re2

from sync.errors import BadFind, NotOffered

DEPTH: Final = 50
CONDITIONS: Final = 2_000
PATTERN: Final = 1_000
PATTERN_MEMORY: Final = 1 << 20
"""Bytes that one compiled pattern may take."""


@dataclass(frozen=True, slots=True)
class And:
    """All of them hold; of none, too."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of them holds, or there are none."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on what lies at ``field``, a path with dots; the empty path is the value itself."""

    field: str
    operator: str
    argument: Any
    """A JSON value; for ``$elemMatch`` and its like a :data:`Node`."""
    negated: bool = False


Node = And | Or | Test

OPPOSITE: Final[Mapping[str, str]] = {
    "$lt": "$gte",
    "$lte": "$gt",
    "$eq": "$ne",
    "$ne": "$eq",
    "$gte": "$lt",
    "$gt": "$lte",
    "$in": "$nin",
    "$nin": "$in",
}
COMBINING: Final = frozenset({"$and", "$or", "$nor"})
INSIDE: Final = frozenset({"$elemMatch", "$allMatch", "$keyMapMatch"})
"""Operators whose argument is a selector of its own."""
UNSUPPORTED: Final = frozenset({"$where", "$geoWithin", "$geoIntersects", "$near", "$nearSphere"})


def _whole(value: Any) -> bool:
    return type(value) is int


def _any(_value: Any) -> bool:
    return True


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _pattern(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > PATTERN:
        return False
    try:
        pattern(value)
    except re2.error:
        return False
    return True


GOOD: Final[Mapping[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("$lt", "$lte", "$eq", "$ne", "$gte", "$gt"), _any),
    **dict.fromkeys(("$in", "$nin", "$all"), _list),
    **dict.fromkeys(("$type", "$beginsWith"), _text),
    "$exists": lambda value: isinstance(value, bool),
    "$size": lambda value: _whole(value) and value >= 0,
    "$mod": lambda value: _list(value) and len(value) == 2 and all(map(_whole, value)) and value[0] != 0,  # noqa: PLR2004  divisor and remainder
    "$regex": _pattern,
}
"""What each operator takes."""


@lru_cache(maxsize=256)
def pattern(text: str) -> Any:
    """Return the pattern, compiled. Raises ``re2.error``."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY
    return re2.compile(text, options)


def parse(selector: Any) -> Node:
    """Return the normal form of a selector. Raises ``BadFind`` with CouchDB's words, ``NotOffered`` for ``$text``."""
    if not isinstance(selector, dict):
        raise BadFind("invalid_selector_json", f"Selector must be a JSON object, not: {told(selector)}")
    node = _Reader().node(selector, "", 0)
    if isinstance(node, Test) and not node.field:
        raise BadFind("invalid_selector", "One or more conditions is missing a field name.")
    return node


class _Reader:
    """Reads one selector and counts what is in it."""

    def __init__(self) -> None:
        self._left = CONDITIONS

    def node(self, value: Any, field: str, depth: int) -> Node:
        if depth > DEPTH:
            raise BadFind("invalid_selector", f"The selector is nested more than {DEPTH} levels deep.")
        self._count(1)
        if not isinstance(value, dict) or (field and not value):
            return Test(field, "$eq", value)
        parts = tuple(self._part(name, argument, field, depth + 1) for name, argument in value.items())
        return parts[0] if len(parts) == 1 else And(parts)

    def _count(self, more: int) -> None:
        self._left -= more
        if self._left < 0:
            raise BadFind("invalid_selector", f"The selector has more than {CONDITIONS} conditions.")

    def _part(self, name: str, argument: Any, field: str, depth: int) -> Node:
        if not name.startswith("$"):
            below = f"{field}.{name}" if field else name
            if below:
                names(below)
            return self.node(argument, below, depth)
        if name in COMBINING:
            if not isinstance(argument, list):
                raise _bad(name, argument)
            parts = tuple(self.node(each, field, depth) for each in argument)
            if name == "$nor":
                return And(tuple(map(negated, parts)))
            return And(parts) if name == "$and" else Or(parts)
        if name == "$not" or name in INSIDE:
            if not isinstance(argument, dict):
                raise _bad(name, argument)
            if name == "$not":
                return negated(self.node(argument, field, depth))
            return Test(field, name, self.node(argument, "", depth))
        return self._condition(name, argument, field)

    def _condition(self, name: str, argument: Any, field: str) -> Node:
        if name == "$text":
            raise NotOffered("there are no text indexes here: use $regex, $beginsWith or $eq on a field")
        if name in UNSUPPORTED:
            raise BadFind("not_supported", f"Unsupported operator: {name}")
        if name not in GOOD:
            raise BadFind("invalid_operator", f"Invalid operator: {name[:80]}")
        if isinstance(argument, list) and name in {"$in", "$nin", "$all"}:
            self._count(len(argument))
        if not GOOD[name](argument):
            raise _bad(name, argument)
        return Test(field, name, argument)


def negated(node: Node) -> Node:
    """Return what holds where ``node`` does not, for documents that have the fields."""
    if isinstance(node, And):
        return Or(tuple(map(negated, node.parts)))
    if isinstance(node, Or):
        return And(tuple(map(negated, node.parts)))
    if node.operator in OPPOSITE:
        return replace(node, operator=OPPOSITE[node.operator])
    if node.operator == "$exists":
        return replace(node, argument=not node.argument)
    return replace(node, negated=not node.negated)


def names(field: str) -> tuple[str, ...]:
    """Return the names along a path: dots part them, except those after a backslash. Raises ``BadFind``."""
    parts = [part.replace("\\", "") for part in re.split(r"(?<!\\)\.", field)]
    if "" in parts:
        raise BadFind("invalid_field_name", f"Invalid field name: {field[:80]}")
    return tuple(parts)


def shown(node: Node) -> dict[str, Any]:
    """Return a selector that reads as ``node``, in normal form."""
    if isinstance(node, Test):
        argument = shown(node.argument) if node.operator in INSIDE else node.argument
        condition = {node.operator: argument}
        if node.negated:
            condition = {"$not": condition}
        return {node.field: condition} if node.field else condition
    if node == And(()):
        return {}
    return {"$and" if isinstance(node, And) else "$or": [shown(part) for part in node.parts]}


def told(value: Any) -> str:
    """Return ``value`` as a short text for a reason."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "something nested too deeply"
    return text if len(text) <= 80 else text[:80] + "…"  # noqa: PLR2004  enough to recognise it


def _bad(operator: str, argument: Any) -> BadFind:
    return BadFind("bad_arg", f"Bad argument for operator {operator}: {told(argument)}")
