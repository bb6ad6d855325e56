"""Which index answers a query, in which order, within which ids: by the rules that CouchDB chooses by."""

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.errors import BadFind
from sync.mango.index import PREFIX, Index
from sync.mango.keys import RANGES, Bounds, bounds
from sync.mango.query import Query
from sync.selector import And, Node, Or, Test

NO_INDEX: Final = "No matching index found, create an index to optimize query time."
NO_SORT: Final = "No index exists for this sort, try indexing by the sort fields."


@dataclass(frozen=True, slots=True)
class Span:
    """Ids from ``low`` to ``high``; ``None`` is no bound. More precise than this the selector is itself."""

    low: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a query is answered."""

    index: Index
    warnings: tuple[str, ...]
    candidates: tuple[tuple[Index, bool, str], ...]
    """The other indexes: whether each could be used, and why it is not."""
    span: Span
    bounds: Bounds
    """The range of the index's keys; without meaning for the index over all documents."""


def choose(query: Query, indexes: Iterable[Index]) -> Plan:
    """Return the plan. Raises ``BadFind`` when no index has the order that is asked for."""
    known = list(indexes)
    hinted = [index for index in known if _hinted(index, query.use_index)]
    sort = tuple(name for name, _ in query.sort)
    reasons = {index.key: _unusable(index, query.selector, sort) for index in known}
    for index in known:
        if index.partial is not None and index not in hinted:
            reasons[index.key] = "is_partial"
    usable = [index for index in known if not reasons[index.key]]
    wanted = [index for index in usable if index in hinted]
    if query.use_index and not wanted and not query.fallback:
        raise BadFind("no_usable_index", _not_used(query.use_index) + " No fallback was allowed.")
    if not usable:
        raise BadFind("no_usable_index", NO_SORT)
    index = min(wanted or usable, key=lambda each: _rank(each, query.selector))
    if index.special and not query.fallback:
        raise BadFind("no_usable_index", NO_INDEX + " No fallback was allowed.")
    warnings = []
    if query.use_index and not wanted:
        warnings.append(_not_used(query.use_index))
    if index.special:
        warnings.append(NO_INDEX)
    others = tuple(
        (each, not reasons[each.key], reasons[each.key] or _unchosen(each, index, wanted, query.selector))
        for each in known
        if each.key != index.key
    )
    return Plan(index, tuple(warnings), others, span(query.selector), bounds(index, query.selector))


def _hinted(index: Index, use_index: Sequence[str]) -> bool:
    if not use_index or index.design is None:
        return False
    return index.design == PREFIX + use_index[0] and use_index[1:] in {(), (index.name,)}


def _not_used(use_index: Sequence[str]) -> str:
    if len(use_index) == 1:
        return f"{PREFIX}{use_index[0]} was not used because it does not contain a valid index for this query."
    return f"{PREFIX}{use_index[0]}, {use_index[1]} was not used because it is not a valid index for this query."


def _unusable(index: Index, selector: Node, sort: Sequence[str]) -> str:
    """Return why the index cannot answer the query; empty when it can."""
    if index.special:
        fits = not sort or (tuple(sort) == ("_id",) and "_id" in narrowed(selector))
        return "" if fits else "sort_order_mismatch"
    if missing(selector, set(index.fields) - set(sort) - {"_id", "_rev"}):
        return "field_mismatch"
    return "" if _sorts(index.fields, sort, selector) else "sort_order_mismatch"


def _sorts(fields: Sequence[str], sort: Sequence[str], selector: Node) -> bool:
    """Tell whether the index has the order: its fields begin with it, after those that the selector fixes."""
    while sort and fields and fields[0] != sort[0]:
        if not constant(selector, fields[0]):
            return False
        fields = fields[1:]
    return tuple(fields[: len(sort)]) == tuple(sort)


def _rank(index: Index, selector: Node) -> tuple[bool, int, int, str, str]:
    """Return what the best index has least of: json ones first, then those that narrow by the most fields."""
    return index.special, -_overlap(index, selector), len(index.fields), *index.key


def _overlap(index: Index, selector: Node) -> int:
    """Return how many fields the index begins with that the selector narrows down."""
    ranged = narrowed(selector)
    return sum(1 for _ in itertools.takewhile(ranged.__contains__, index.fields))


def _unchosen(index: Index, chosen: Index, wanted: Collection[Index], selector: Node) -> str:
    if wanted and index not in wanted:
        return "excluded_by_user"
    if index.special:
        return "unfavored_type"
    if _overlap(index, selector) < _overlap(chosen, selector):
        return "less_overlap"
    return "too_many_fields" if len(index.fields) > len(chosen.fields) else "alphabetically_comes_after"


def narrowed(node: Node) -> frozenset[str]:
    """Return the fields that a comparison, in force for every match, holds within a range."""
    if isinstance(node, And):
        return frozenset().union(*map(narrowed, node.parts))
    if isinstance(node, Test) and node.operator in RANGES and not node.negated:
        return frozenset({node.field})
    return frozenset()


def missing(node: Node, required: set[str]) -> set[str]:
    """Return those of ``required`` that a document may lack and still fulfil ``node``."""
    if isinstance(node, And):
        for part in node.parts:
            required = missing(part, required)
        return required
    if isinstance(node, Or):
        return set().union(*(missing(part, required) for part in node.parts)) if node.parts else required
    if node.operator == "$exists" and node.argument is False:
        return required
    return required - {node.field}


def constant(node: Node, field: str) -> bool:
    """Tell whether every match has the same value of ``field``."""
    if isinstance(node, And):
        return any(constant(part, field) for part in node.parts)
    return isinstance(node, Test) and (node.field, node.operator, node.negated) == (field, "$eq", False)


def span(node: Node) -> Span:
    """Return the ids between which every match lies."""
    low: list[str] = []
    high: list[str] = []
    for test in node.parts if isinstance(node, And) else (node,):
        if isinstance(test, Test) and test.field == "_id" and not test.negated and isinstance(test.argument, str):
            if test.operator in {"$eq", "$gt", "$gte", "$beginsWith"}:
                low.append(test.argument)
            if test.operator in {"$eq", "$lt", "$lte"}:
                high.append(test.argument)
    return Span(max(low, default=None), min(high, default=None))


def hints(node: Node) -> dict[str, Any]:
    """Return which of the selector's fields an index could narrow."""
    fields, ranged = _fields(node), narrowed(node)
    return {"type": "json", "indexable_fields": sorted(ranged), "unindexable_fields": sorted(fields - ranged)}


def _fields(node: Node) -> set[str]:
    if isinstance(node, Test):
        return {node.field}
    return set().union(*map(_fields, node.parts)) if node.parts else set()
