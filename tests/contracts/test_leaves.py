"""How many conflicting revisions one document takes."""

import pytest

from sync.errors import Forbidden
from sync.store import DocumentStore
from sync.store.sql import judging
from sync.store.values import Rejected, Written
from tests.contracts.test_store import graft, leaves, made

MOST = 5


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "LEAVES", MOST)


def test_a_document_has_only_so_many_leaves(store: DocumentStore) -> None:
    for n in range(MOST - 1):
        graft(store, made("x", f"{n}", "a"))
    told = graft(store, made("x", "last", "a"), made("x", "late", "a"), made("y", "z"))
    assert [type(each) for each in told] == [Written, Rejected, Written]
    assert isinstance(told[1], Rejected)
    assert isinstance(told[1].error, Forbidden)
    assert f"{MOST} revisions" in told[1].error.reason
    assert len(leaves(store, "x")) == MOST


def test_what_resolves_a_conflict_is_always_taken(store: DocumentStore) -> None:
    graft(store, *[made("x", f"{n}", "a") for n in range(MOST)])
    told = graft(
        store,
        made("x", "t", "0", "a", deleted=True),
        made("x", "e", "m", "1", "a"),
        made("x", "2", "a"),
        made("x", "late", "a"),
    )
    assert [type(each) for each in told] == [Written, Written, Written, Rejected]
    assert {rev for rev, _ in leaves(store, "x")} == {"3-t", "4-e", "2-2", "2-3", "2-4"}
