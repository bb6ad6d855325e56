"""The order of JSON values: total, the same by key and by comparison, and CouchDB's."""

import functools
import itertools
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync import collate
from tests.sync.json_values import values

IN_ORDER = [
    None,
    False,
    True,
    -(2**63),
    -1.5,
    0,
    0.5,
    1,
    1.0000000000000002,
    2,
    10,
    9007199254740992.0,
    9007199254740993,
    2**64 - 1,
    1e300,
    "",
    " ",
    "_",
    "-",
    ",",
    "!",
    "~",
    "$",
    "0",
    "10",
    "2",
    "a",
    "A",
    "á",
    "aa",
    "ab",
    "b",
    "B",
    "ba",
    "bb",
    "α",
    "я",
    "가",
    "あ",
    "ア",
    "一",
    "一丁",
    "丁",
    "百",
    "进",
    "门",
    [],
    [None],
    [1],
    [1, "a"],
    [2],
    ["a"],
    ["b"],
    ["b", "c"],
    ["b", "c", "a"],
    ["b", "d"],
    {},
    {"a": None},
    {"a": 1},
    {"a": 2},
    {"b": 1},
    {"b": 2},
    {"b": 2, "a": 1},
    {"b": 2, "c": 2},
]


def test_the_order_of_views() -> None:
    for low, high in itertools.combinations(IN_ORDER, 2):
        assert collate.compare(low, high) == -1, (low, high)
        assert collate.compare(high, low) == 1
        assert collate.key(low) < collate.key(high)


@pytest.mark.parametrize(
    ("left", "right"),
    [(0, -0.0), (1, 1.0), ("é", "e\u0301"), ("각", "\u1100\u1161\u11a8"), ([1, {"a": "é"}], [1.0, {"a": "e\u0301"}])],
)
def test_what_the_order_does_not_tell_apart(left: object, right: object) -> None:
    assert collate.compare(left, right) == 0
    assert collate.key(left) == collate.key(right)


@given(values, values)
@example("a\u0301\u0327", "a\u0327\u0301")
@example(2**53, 2.0**53)
@example(2**53 + 1, 2.0**53)
def test_keys_and_comparison_agree(left: object, right: object) -> None:
    keys = collate.key(left), collate.key(right)
    told = collate.compare(left, right)
    assert told == (keys[0] > keys[1]) - (keys[0] < keys[1])
    assert told == -collate.compare(right, left)
    assert collate.compare(left, left) == 0


@given(st.lists(values, max_size=8))
def test_the_order_is_total(many: list[object]) -> None:
    inorder = sorted(many, key=functools.cmp_to_key(collate.compare))
    assert all(collate.compare(low, high) <= 0 for low, high in itertools.combinations(inorder, 2))
    assert [collate.key(each) for each in inorder] == sorted(collate.key(each) for each in many)


@given(st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False))
def test_whole_numbers_and_others_are_compared_exactly(whole: int, other: float) -> None:
    keys = collate.key(whole), collate.key(other)
    assert (keys[0] > keys[1]) - (keys[0] < keys[1]) == (whole > other) - (whole < other)


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_text_cut_into_segments_has_the_key_of_the_whole(one: str, two: str, three: str) -> None:
    collator = collate._table()[0]
    text = unicodedata.normalize("NFD", one + two + three)
    pieces = list(collate._segments(text)) if text else []
    assert "".join(pieces) == text
    if max(map(len, pieces), default=0) < collate._SEGMENT:
        elements = [element for piece in pieces for element in collator.collation_elements(piece)]
        assert elements == collator.collation_elements(text)


def test_a_long_text_does_not_cost_the_square_of_its_length() -> None:
    assert len(collate.text_key("进百家门" * 25_000)) > 100_000
    assert len(collate.text_key("e" + "\u0301" * 100_000)) > 100_000


def test_depth_is_no_limit() -> None:
    deep: list[object] = []
    for _ in range(20_000):
        deep = [deep]
    assert collate.key(deep) > collate.key([[]])


@given(values | st.text(max_size=80).map(lambda text: text * 5), st.integers(1, 60))
def test_the_first_bytes_of_a_key(value: object, most: int) -> None:
    assert collate.key(value, most) == collate.key(value)[:most]


TEXTS = st.text(
    alphabet=st.sampled_from([*"abLl·eé\u0301\u0b92\u0bd7ཱྲ가각进门ｱ "]) | st.characters(codec="utf-8"), max_size=6
)


@given(TEXTS, TEXTS)
@example("l", "·")
@example("e", "\u0301")
@example("", "\ufffd")
@example("\u0b92", "\u0bd7")
def test_keys_begin_alike_where_texts_do(text: str, more: str) -> None:
    assert collate.key(text + more).startswith(collate.beginning(text))
    assert collate.key(text + more) < collate.beginning(text) + b"\xff" * 4
