"""Selectors: what they mean, against a plain reading of the rules; and what they refuse."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import collate
from sync.errors import BadFind, NotOffered
from sync.matching import matcher
from sync.selector import CONDITIONS, DEPTH, PATTERN, parse, shown
from tests.sync.json_values import values

DOC = {
    "_id": "Bond",
    "name": "李雷",
    "age": 70,
    "half": 1.5,
    "none": None,
    "yes": True,
    "tags": ["独居", "高龄"],
    "nested": [[1, 2]],
    "people": [{"name": "a", "age": 80}, {"name": "b", "age": 10}],
    "at": {"door": {"no": 501}, "x.y": 1},
    "$odd": 1,
    "empty": {},
}


@pytest.mark.parametrize(
    "selector",
    [
        {},
        {"name": "李雷"},
        {"age": {"$gt": 69, "$lt": 71}},
        {"age": {"$gt": None}},
        {"age": {"$lt": "a"}},
        {"age": 70.0},
        {"none": None},
        {"at": {"door": {"no": 501}}},
        {"at.door.no": {"$gte": 501}},
        {"at.door": {"no": {"$lte": 501}}},
        {"at.x\\.y": 1},
        {"\\$odd": 1},
        {"tags.1": "高龄"},
        {"empty": {}},
        {"missing": {"$exists": False}},
        {"$not": {"missing": {"$exists": True}}},
        {"none": {"$exists": True}},
        {"age": {"$ne": 71}},
        {"age": {"$type": "number"}, "yes": {"$type": "boolean"}, "none": {"$type": "null"}},
        {"age": {"$in": [1, 70]}},
        {"tags": {"$in": ["独居"]}},
        {"tags": {"$nin": ["x"]}},
        {"tags": {"$size": 2}},
        {"tags": {"$all": ["高龄", "独居"]}},
        {"nested": {"$all": [[1, 2]]}},
        {"tags": {"$all": [["独居", "高龄"]]}},
        {"age": {"$mod": [7, 0]}},
        {"name": {"$regex": "^李."}},
        {"name": {"$beginsWith": "李"}},
        {"people": {"$elemMatch": {"name": "a", "age": {"$gt": 70}}}},
        {"tags": {"$elemMatch": {"$eq": "独居"}}},
        {"people": {"$allMatch": {"age": {"$gte": 10}}}},
        {"at": {"$keyMapMatch": {"$eq": "door"}}},
        {"$or": [{"age": 1}, {"age": 70}]},
        {"$or": [], "age": 70},
        {"$nor": [{"age": 1}, {"name": "x"}]},
        {"$and": [{"age": 70}, {"$not": {"name": "x"}}]},
        {"age": {"$not": {"$gt": 70}}},
        {"name": {"$not": {"$regex": "x"}}},
        {"$not": {"$or": [{"age": 1}, {"name": "x"}]}},
        {"age": {"$or": [{"$lt": 3}, {"$gt": 60}]}},
        {"_id": {"$lt": "a"}},
        {"tags": {"$not": {"$elemMatch": {"$eq": "x"}}}},
    ],
)
def test_it_matches(selector: dict[str, Any]) -> None:
    node = parse(selector)
    assert matcher(node)(DOC), shown(node)
    assert parse(shown(node)) == node


@pytest.mark.parametrize(
    "selector",
    [
        {"missing": {"$ne": 1}},
        {"missing": {"$not": {"$regex": "x"}}},
        {"missing": None},
        {"age": {"$exists": False}},
        {"age.deep": {"$exists": False}},
        {"tags.7": {"$exists": False}},
        {"age": {"$lt": 70}},
        {"age": "70"},
        {"yes": 1},
        {"half": {"$mod": [1, 0]}},
        {"yes": {"$mod": [1, 0]}},
        {"age": {"$in": []}},
        {"tags": {"$all": []}},
        {"age": {"$all": [70]}},
        {"nested": {"$all": [[1.0, 2.0]]}},
        {"tags": {"$allMatch": {"$eq": "独居"}}},
        {"name": {"$size": 2}},
        {"age": {"$regex": "7"}},
        {"name": {"$beginsWith": "雷"}},
        {"at": {"$keyMapMatch": {"$eq": "no"}}},
        {"people": {"$elemMatch": {"name": "b", "age": {"$gt": 70}}}},
        {"empty": {"$allMatch": {"$eq": 1}}},
        {"$not": {"age": 70}},
        {"_id": {"$gt": "a"}},
        {"at": {}},
    ],
)
def test_it_does_not_match(selector: dict[str, Any]) -> None:
    assert not matcher(parse(selector))(DOC)


def test_text_is_compared_by_its_collation_and_ids_by_code_point() -> None:
    assert matcher(parse({"a": {"$lt": "B"}}))({"a": "a"})
    assert not matcher(parse({"_id": {"$lt": "B"}}))({"_id": "a"})
    assert matcher(parse({"a": "e\u0301"}))({"a": "é"})
    assert matcher(parse({"a": "ab"}))({"a": "a\x01b"})
    assert not matcher(parse({"_id": "e\u0301"}))({"_id": "é"})


@pytest.mark.parametrize(
    ("selector", "word", "reason"),
    [
        ([], "invalid_selector_json", "Selector must be a JSON object, not: []"),
        ({"a": {"$in": 5}}, "bad_arg", "Bad argument for operator $in: 5"),
        ({"a": {"$nin": {}}}, "bad_arg", "Bad argument for operator $nin: {}"),
        ({"a": {"$exists": "yes"}}, "bad_arg", 'Bad argument for operator $exists: "yes"'),
        ({"a": {"$size": -1}}, "bad_arg", "Bad argument for operator $size: -1"),
        ({"a": {"$size": True}}, "bad_arg", "Bad argument for operator $size: true"),
        ({"a": {"$mod": [0, 1]}}, "bad_arg", "Bad argument for operator $mod: [0, 1]"),
        ({"a": {"$mod": [1.5, 1]}}, "bad_arg", None),
        ({"a": {"$type": 1}}, "bad_arg", None),
        ({"a": {"$all": "x"}}, "bad_arg", None),
        ({"a": {"$elemMatch": [1]}}, "bad_arg", None),
        ({"a": {"$beginsWith": 1}}, "bad_arg", None),
        ({"a": {"$regex": "("}}, "bad_arg", 'Bad argument for operator $regex: "("'),
        ({"a": {"$regex": "(?=a)"}}, "bad_arg", None),
        ({"a": {"$regex": "a" * (PATTERN + 1)}}, "bad_arg", None),
        ({"a": {"$regex": "((((a{1,99}){1,99}){1,99}){1,99})"}}, "bad_arg", None),
        ({"$and": {}}, "bad_arg", "Bad argument for operator $and: {}"),
        ({"$or": "x"}, "bad_arg", None),
        ({"$nor": 1}, "bad_arg", None),
        ({"$not": []}, "bad_arg", "Bad argument for operator $not: []"),
        ({"a": {"$like": "x"}}, "invalid_operator", "Invalid operator: $like"),
        ({"a": {"$where": "x"}}, "not_supported", "Unsupported operator: $where"),
        ({"$gt": 1}, "invalid_selector", "One or more conditions is missing a field name."),
        ({"": 1}, "invalid_selector", None),
        ({"a..b": 1}, "invalid_field_name", "Invalid field name: a..b"),
        ({"$or": [{"a": i} for i in range(CONDITIONS)]}, "invalid_selector", None),
        ({"a": {"$in": list(range(CONDITIONS))}}, "invalid_selector", None),
    ],
)
def test_it_is_refused_in_couchdbs_words(selector: Any, word: str, reason: str | None) -> None:
    with pytest.raises(BadFind) as caught:
        parse(selector)
    assert caught.value.word == word
    assert reason in {None, caught.value.reason}


def test_depth_is_bounded() -> None:
    deep: dict[str, Any] = {"a": 1}
    for _ in range(DEPTH + 1):
        deep = {"$not": deep}
    with pytest.raises(BadFind):
        parse(deep)


def test_text_search_is_not_offered() -> None:
    with pytest.raises(NotOffered, match=r"\$regex"):
        parse({"$text": "x"})


def test_a_pattern_costs_no_more_than_its_text_is_long() -> None:
    matches = matcher(parse({"a": {"$regex": "^(a|a)*(a*)*$"}}))
    begun = time.perf_counter()
    assert not matches({"a": "a" * 200_000 + "b"})
    assert time.perf_counter() - begun < 5


def test_what_is_nested_too_deeply_matches_nothing() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    assert not matcher(parse({"a": {"$all": [deep]}}))({"a": [deep]})


# -- against a plain reading of the rules -----------------------------------------------------------------------------

FIELDS = st.sampled_from(["a", "b", "a.b", "a.0", "c.a.b"])
COMPARISONS = st.builds(
    lambda operator, argument: {operator: argument},
    st.sampled_from(["$lt", "$lte", "$eq", "$ne", "$gte", "$gt"]),
    values,
)
CONDITION = st.one_of(
    COMPARISONS,
    st.builds(lambda flag: {"$exists": flag}, st.booleans()),
    st.builds(
        lambda kind: {"$type": kind}, st.sampled_from(["null", "boolean", "number", "string", "array", "object"])
    ),
    st.builds(lambda o, many: {o: many}, st.sampled_from(["$in", "$nin", "$all"]), st.lists(values, max_size=3)),
    st.builds(lambda size: {"$size": size}, st.integers(0, 3)),
    st.builds(lambda d, r: {"$mod": [d, r]}, st.sampled_from([-3, 2, 3]), st.integers(-2, 2)),
    st.builds(lambda o, inner: {o: inner}, st.sampled_from(["$elemMatch", "$allMatch", "$keyMapMatch"]), COMPARISONS),
    st.builds(lambda inner: {"$not": inner}, COMPARISONS),
)
SELECTORS = st.recursive(
    st.builds(lambda field, condition: {field: condition}, FIELDS, CONDITION),
    lambda inner: st.one_of(
        st.builds(
            lambda o, many: {o: many}, st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, min_size=1, max_size=3)
        ),
        st.builds(lambda one: {"$not": one}, inner),
        st.builds(lambda one, two: {**one, **two}, inner, inner),
    ),
    max_leaves=5,
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "b": values,
        "c": st.fixed_dictionaries({}, optional={"a": st.fixed_dictionaries({}, optional={"b": values})}),
    },
)


def model(selector: dict[str, Any], document: Any, *, turned: bool = False) -> bool:
    """Read a selector as it stands; ``turned`` when it lies below an odd number of negations."""
    results = []
    for name, argument in selector.items():
        if name in {"$and", "$or", "$nor", "$not"}:
            inside = turned if name in {"$and", "$or"} else not turned
            below = [model(each, document, turned=inside) for each in (argument if name != "$not" else [argument])]
            conjunction = (name == "$and") != turned if name in {"$and", "$or"} else turned is False
            if name == "$not":
                results.append(below[0])
            else:
                results.append(all(below) if conjunction else any(below))
        else:
            results.append(_of_field(name, argument, document, turned=turned))
    return any(results) if turned and len(results) > 1 else all(results)


def _of_field(name: str, condition: dict[str, Any], document: Any, *, turned: bool) -> bool:
    value = document
    ((operator, argument),) = condition.items()
    if operator == "$not":
        turned = not turned
        ((operator, argument),) = argument.items()
    for part in name.split("."):
        if isinstance(value, dict):
            if part not in value:
                return operator == "$exists" and argument is turned
            value = value[part]
        elif isinstance(value, list) and part == "0" and value:
            value = value[0]
        else:
            return False
    return holds(operator, argument, value) != turned


def same(left: Any, right: Any) -> bool:
    return repr(left) == repr(right)


def holds(operator: str, argument: Any, value: Any) -> bool:  # noqa: PLR0911  one per operator
    if operator in {"$lt", "$lte", "$eq", "$ne", "$gte", "$gt"}:
        order = collate.compare(value, argument)
        wanted = {"$lt": [-1], "$lte": [-1, 0], "$eq": [0], "$ne": [-1, 1], "$gte": [0, 1], "$gt": [1]}
        return order in wanted[operator]
    if operator in {"$in", "$nin"}:
        candidates = value if isinstance(value, list) else [value]
        among = any(collate.compare(one, each) == 0 for one in candidates for each in argument)
        return among == (operator == "$in")
    if operator == "$exists":
        return bool(argument)
    if operator == "$type":
        kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
        return argument == kinds.get(type(value), "null")
    if operator == "$all":
        if not isinstance(value, list) or not argument:
            return False
        lone = len(argument) == 1 and isinstance(argument[0], list) and same(argument[0], value)
        return lone or all(any(same(each, one) for one in value) for each in argument)
    if operator == "$size":
        return isinstance(value, list) and len(value) == argument
    if operator == "$mod":
        divisor, remainder = argument
        return (
            type(value) is int
            and value - int(abs(value) // abs(divisor)) * abs(divisor) * (1 if value >= 0 else -1) == remainder
        )
    many = {"$elemMatch": list, "$allMatch": list, "$keyMapMatch": dict}[operator]
    if not isinstance(value, many):
        return False
    ((inner, wanted_),) = argument.items()
    told = [holds(inner, wanted_, each) for each in value]
    return bool(told) and all(told) if operator == "$allMatch" else any(told)


@settings(max_examples=400)
@given(SELECTORS, DOCUMENTS)
def test_compiled_and_plainly_read_agree(selector: dict[str, Any], document: dict[str, Any]) -> None:
    node = parse(selector)
    assert matcher(node)(document) == model(selector, document)
    again = parse(shown(node))
    assert matcher(again)(document) == matcher(node)(document)
