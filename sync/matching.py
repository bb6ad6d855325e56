"""Selectors at work: a normal form (:mod:`sync.selector`) compiled to one function of a document."""

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

from sync import collate
from sync.selector import And, Node, Test, names, pattern

Matcher = Callable[[Any], bool]
MISSING: Final = object()
"""The field is not there."""
ASTRAY: Final = object()
"""The path leads through what has no fields: not even absence can be told."""
_JSON_TYPES: Final[dict[int, str]] = {
    collate.NULL: "null",
    collate.FALSE: "boolean",
    collate.TRUE: "boolean",
    collate.NUMBER: "number",
    collate.STRING: "string",
    collate.ARRAY: "array",
    collate.OBJECT: "object",
}


def matcher(node: Node) -> Matcher:
    """Return what tells whether a document, with ``_id`` and ``_rev``, fulfils ``node``.

    A document nested too deeply to be compared fulfils nothing.
    """
    inner = _compiled(node)

    def matches(document: Any) -> bool:
        try:
            return inner(document)
        except RecursionError:
            return False

    return matches


def at(value: Any, path: Sequence[str]) -> Any:
    """Return what lies at ``path``, :data:`MISSING` or :data:`ASTRAY`. A number is also a place in an array."""
    for name in path:
        if isinstance(value, dict):
            if name not in value:
                return MISSING
            value = value[name]
        elif isinstance(value, list) and name.isascii() and name.isdecimal() and len(name) < 10:  # noqa: PLR2004  no array is longer
            if int(name) >= len(value):
                return ASTRAY
            value = value[int(name)]
        else:
            return ASTRAY
    return value


def _compiled(node: Node) -> Matcher:
    if isinstance(node, Test):
        return _field(node)
    parts = [_compiled(part) for part in node.parts]
    if isinstance(node, And):
        return _each(parts)
    if len(parts) == 1:
        return parts[0]
    return lambda value: not parts or any(part(value) for part in parts)


def _each(parts: Sequence[Matcher]) -> Matcher:
    if len(parts) == 2:  # noqa: PLR2004  the ends of a range: most of all
        first, second = parts
        return lambda value: first(value) and second(value)

    def holds(value: Any) -> bool:
        for part in parts:  # noqa: SIM110  a generator in all() takes twice the time
            if not part(value):
                return False
        return True

    return holds


def _field(test: Test) -> Matcher:
    condition = _negatable(test)
    if not test.field:
        return condition
    path = names(test.field)
    absent = test.operator == "$exists" and test.argument is False

    def holds(value: Any) -> bool:
        found = at(value, path)
        if found is MISSING:
            return absent
        return found is not ASTRAY and condition(found)

    if len(path) > 1:
        return holds
    (name,) = path

    def of_document(value: Any) -> bool:
        if type(value) is not dict:
            return holds(value)
        return condition(value[name]) if name in value else absent

    return of_document


def _negatable(test: Test) -> Matcher:
    condition = _CONDITIONS[test.operator](test)
    return (lambda value: not condition(value)) if test.negated else condition


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Test], Matcher]:
    """Return what makes a comparison with the argument; document ids are compared by code point, as CouchDB does."""

    def make(test: Test) -> Matcher:
        argument, of_ids = test.argument, test.field == "_id" and isinstance(test.argument, str)
        rank = collate.rank(argument)
        wanted = collate.key(argument)

        def holds(value: Any) -> bool:
            if of_ids and isinstance(value, str):
                return compare(value, argument)
            own = collate.rank(value)
            if own != rank or own < collate.NUMBER:
                return compare(own, rank)
            return compare(value, argument) if own == collate.NUMBER else compare(collate.key(value), wanted)

        if rank != collate.NUMBER:
            return holds

        def of_number(value: Any) -> bool:
            kind = type(value)
            return compare(value, argument) if kind is int or kind is float else holds(value)

        return of_number

    return make


def _equal(test: Test) -> Matcher:
    argument = test.argument
    general = _ordered(operator.eq)(test)
    if not isinstance(argument, str) or not _plain(argument):
        return general
    return lambda value: value == argument or (isinstance(value, str) and not _plain(value) and general(value))


def _plain(text: str) -> bool:
    """Tell whether each character has a weight of its own: such texts are equal only to the letter."""
    return text.isascii() and text.isprintable()


def _unequal(test: Test) -> Matcher:
    equal = _equal(test)
    return lambda value: not equal(value)


def _within(test: Test) -> Matcher:
    if test.field == "_id":
        ids = [each for each in test.argument if isinstance(each, str)]
        keys = {collate.key(each) for each in test.argument if not isinstance(each, str)}
        known = frozenset(ids)
        return lambda value: value in known if isinstance(value, str) else _among(keys, value)
    keys = {collate.key(each) for each in test.argument}
    return lambda value: _among(keys, value)


def _among(keys: set[bytes], value: Any) -> bool:
    if isinstance(value, list):
        return any(collate.key(each) in keys for each in value)
    return collate.key(value) in keys


def _without(test: Test) -> Matcher:
    within = _within(test)
    return lambda value: not within(value)


def _all_of(test: Test) -> Matcher:
    wanted = test.argument

    def holds(value: Any) -> bool:
        if not isinstance(value, list) or not wanted:
            return False
        if all(any(_same(each, member) for member in value) for each in wanted):
            return True
        return len(wanted) == 1 and isinstance(wanted[0], list) and _same(wanted[0], value)

    return holds


def _same(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are the same to the letter: 1 is not 1.0, nor is it true."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(map(_same, left.values(), right.values()))
    return bool(left == right)


def _elements(test: Test) -> Matcher:
    inner = _compiled(test.argument)
    return lambda value: isinstance(value, list) and any(inner(each) for each in value)


def _every(test: Test) -> Matcher:
    inner = _compiled(test.argument)
    return lambda value: isinstance(value, list) and bool(value) and all(inner(each) for each in value)


def _keys(test: Test) -> Matcher:
    inner = _compiled(test.argument)
    return lambda value: isinstance(value, dict) and any(inner(each) for each in value)


def _modulo(test: Test) -> Matcher:
    divisor, remainder = test.argument

    def holds(value: Any) -> bool:
        if type(value) is not int:
            return False
        left = abs(value) % abs(divisor)
        return bool((left if value >= 0 else -left) == remainder)  # the remainder has the sign of what is divided

    return holds


def _regex(test: Test) -> Matcher:
    search = pattern(test.argument).search
    return lambda value: isinstance(value, str) and search(value) is not None


_CONDITIONS: Final[dict[str, Callable[[Test], Matcher]]] = {
    "$lt": _ordered(operator.lt),
    "$lte": _ordered(operator.le),
    "$gt": _ordered(operator.gt),
    "$gte": _ordered(operator.ge),
    "$eq": _equal,
    "$ne": _unequal,
    "$in": _within,
    "$nin": _without,
    "$exists": lambda test: lambda _value: bool(test.argument),
    "$type": lambda test: lambda value: _JSON_TYPES[collate.rank(value)] == test.argument,
    "$size": lambda test: lambda value: isinstance(value, list) and len(value) == test.argument,
    "$mod": _modulo,
    "$regex": _regex,
    "$beginsWith": lambda test: lambda value: isinstance(value, str) and value.startswith(test.argument),
    "$all": _all_of,
    "$elemMatch": _elements,
    "$allMatch": _every,
    "$keyMapMatch": _keys,
}
