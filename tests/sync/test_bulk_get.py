"""What ``_bulk_get`` is asked for, looked through at once or one by one."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync.http.bulk_get import _asked, _plain
from sync.limits import Limits

LIMITS = Limits(id_length=32)
IDS = st.sampled_from(
    ["a", "visit:1", "家:1", "", "_a", "_design/a", "a\n1-a", "\n", "a\0", "x" * 9, "é" * 20, None, 5]
)
REVS = st.sampled_from(["1-a", "12-b", "1-a\n2-b", "1-a\n", "", "0-a", "1", "1-ä", None, 5])
DOCS = st.one_of(
    st.fixed_dictionaries({"id": IDS, "rev": REVS}, optional={"atts_since": st.just(["1-a"]), "more": st.just(1)}),
    st.sampled_from([{}, {"id": "a"}, {"rev": "1-a"}, [], "a", None]),
)
PLAIN = st.fixed_dictionaries({"id": st.sampled_from(["a", "visit:1", "家"]), "rev": st.sampled_from(["1-a", "12-b"])})


@given(st.lists(st.one_of(PLAIN, DOCS), max_size=4))
def test_at_once_is_as_one_by_one(docs: list[Any]) -> None:
    at_once = _plain(docs, LIMITS)
    if at_once is not None:
        assert at_once == [_asked(doc, LIMITS) for doc in docs]


@given(st.lists(PLAIN, min_size=1))
def test_what_replicators_ask_is_looked_through_at_once(docs: list[Any]) -> None:
    assert _plain(docs, LIMITS) is not None
