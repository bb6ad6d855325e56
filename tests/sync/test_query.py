"""What a request may ask for: anything is either understood or refused in words, never a failure."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from sync.errors import BadFind, NotOffered
from sync.mango import index, plan, query
from sync.matching import matcher
from sync.selector import shown
from tests.sync.json_values import values

OPTIONS = sorted({*query._OPTIONS, "selector"})
OPERATORS = [
    "$gt",
    "$in",
    "$not",
    "$or",
    "$and",
    "$elemMatch",
    "$size",
    "$regex",
    "$mod",
    "$all",
    "$exists",
    "$beginsWith",
]
LIKE_SELECTORS = st.recursive(
    values,
    lambda inner: (
        st.dictionaries(st.sampled_from([*OPERATORS, "a", "a.b", "_id", "", "."]), inner, max_size=3)
        | st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(OPTIONS), LIKE_SELECTORS, max_size=4)
BY_A = index.asked({"index": {"fields": ["a"], "partial_filter_selector": {"b": {"$in": [1]}}}, "ddoc": "a"})


@given(LIKE_SELECTORS, BODIES, values)
@example({"a": 1}, {"use_index": "a/b/c"}, None)
@example({"a": {"$in": [[]]}}, {"use_index": ["a"], "sort": ["a"]}, {"a": []})
@example({}, {"bookmark": "W10="}, None)
@example({}, {"stale": 0, "sort": [{"a": {}}]}, None)
def test_a_query_is_understood_or_refused(selector: Any, body: dict[str, Any], document: Any) -> None:
    try:
        asked = query.asked({**body, "selector": selector})
        chosen = plan.choose(asked, index.listed([BY_A]))
    except (BadFind, NotOffered):
        return
    assert chosen.index in (index.ALL_DOCS, BY_A)
    assert isinstance(matcher(asked.selector)(document), bool)
    assert shown(asked.selector) is not None
    assert plan.hints(asked.selector)["type"] == "json"


@given(BODIES, LIKE_SELECTORS)
def test_an_index_is_understood_or_refused(body: dict[str, Any], defined: Any) -> None:
    try:
        wanted = index.asked({"index": defined, **body})
    except (BadFind, NotOffered):
        return
    assert index.of_design(wanted.design or "", {"language": "query", "views": {wanted.name: wanted.view()}}) == [
        wanted
    ]


@given(values, values)
def test_a_design_document_of_nonsense_defines_nothing_or_something(views: Any, map_: Any) -> None:
    for each in (views, {"a": views}, {"a": {"map": map_}}, {"a": {"map": {"fields": map_}}}):
        assert isinstance(index.of_design("_design/x", {"language": "query", "views": each}), list)


def test_a_bookmark_comes_back() -> None:
    place = query.Place(b"\x00\xff", "门:1")
    assert query.Place.of(place.bookmark()) == place
