"""Queries by an index find what queries without one find, in the order of values, whatever was written before."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from sync import collate
from sync.access import Principal, View
from sync.documents import compose
from sync.errors import BadFind
from sync.mango import definitions, index, plan, query
from sync.mango.keeping import Keeper
from sync.mango.keys import signature
from sync.mango.search import Search
from sync.matching import ASTRAY, MISSING, at, matcher
from sync.selector import names, parse
from sync.store import DocumentStore
from sync.store.indexed import Keys, Step
from tests.contracts.conftest import Make
from tests.sync.json_values import values

EXAMPLES = int(os.environ.get("BAIJIAMEN_QUERY_EXAMPLES", "10"))
ADMIN = Principal("admin", admin=True)
PLAIN = View("plain", "plain")
LONG = "x" * 300
"""Longer than a key in an index is kept."""
some = values | st.integers(-2, 2) | st.sampled_from([LONG + end for end in ("", "a", "b", "B", "进", "进门")])
fields = st.dictionaries(st.sampled_from(["a", "b", "c"]), some, max_size=3)
conditions = st.dictionaries(st.sampled_from(["$lt", "$lte", "$eq", "$gte", "$gt"]), some, min_size=1, max_size=2) | (
    st.sampled_from([{"$exists": True}, {"$gt": None}, {"$type": "string"}])
    | st.sampled_from(["", "a", "e", "x", LONG, LONG + "进", "进", "A"]).map(lambda text: {"$beginsWith": text})
    | st.lists(some, max_size=3).map(lambda list_: {"$in": list_})
)
selectors = st.fixed_dictionaries(
    {"a": conditions},
    optional={"b": conditions, "$or": st.lists(st.fixed_dictionaries({"b": conditions}), min_size=1, max_size=2)},
)
INDEXES: list[dict[str, Any]] = [
    {"fields": ["a"]},
    {"fields": ["a", "b"]},
    {"fields": ["b", "a"]},
    {"fields": ["a"], "partial_filter_selector": {"b": {"$gt": 0}}},
]
ids = st.sampled_from(["d", "D", "e", "é", "进", "1", "10", "2"])
writes = st.lists(
    st.tuples(st.just("write"), ids, fields) | st.tuples(st.sampled_from(["delete", "purge"]), ids, st.just({})),
    min_size=1,
    max_size=14,
)


class Asked:
    """One database, its documents as a plain mapping, and queries of it."""

    def __init__(self, store: DocumentStore, name: str) -> None:
        self.store = store
        self.view = View(name, name)
        self.documents: dict[str, Any] = {}
        store.database.write_now(lambda c: store.create_now(c, name))

    def change(self, *changes: tuple[str, str, dict[str, Any]]) -> None:
        self.store.database.write_now(lambda c: [self._change(c, *change) for change in changes])

    def _change(self, connection: Connection, what: str, id_: str, body: dict[str, Any]) -> None:
        store, view = self.store, self.view
        stored = store.get_now(connection, view.database, id_)
        rev = None if stored is None or stored.deleted else stored.rev
        if what == "purge" and stored is not None:
            store.purge_now(connection, view, {id_: [stored.rev]})
        elif what == "write" or (what == "delete" and rev is not None):
            draft = compose(id_, body, rev=rev, deleted=what == "delete")
            store.write_now(connection, view, ADMIN, [draft], new_edits=True)
        winner = store.get_now(connection, view.database, id_)
        self.documents.pop(id_, None)
        if winner is not None and not winner.deleted:
            self.documents[id_] = {**winner.body, "_id": id_, "_rev": winner.rev}

    def find(self, **asked: Any) -> dict[str, Any]:
        wanted = query.asked(asked)
        store = self.store
        known = store.database.read_now(lambda c: definitions.indexes_now(store, c, self.view))
        search = Search(store, Keeper(store), self.view, wanted, plan.choose(wanted, known))

        async def answer() -> Any:
            return orjson.loads(b"".join([piece async for piece in search.answer()]))

        return asyncio.run(answer())

    def define(self, defined: dict[str, Any]) -> index.Index:
        made = index.asked({"index": defined, "ddoc": "by", "name": "by"})
        store = self.store
        store.database.write_now(lambda c: definitions.create_now(store, c, self.view, ADMIN, made))
        return made


def expected(documents: Sequence[Any], by: index.Index | None, selector: Any, *, down: bool = False) -> list[str]:
    """Return what is to be found, by the plain reading of the rules."""
    matches = matcher(parse(selector))
    within = matcher(by.partial) if by is not None and by.partial is not None else matcher(parse({}))
    keyed = []
    for document in documents:
        told = [at(document, names(field)) for field in (by.fields if by is not None else ())]
        if matches(document) and within(document) and not any(each is MISSING or each is ASTRAY for each in told):
            keyed.append(([collate.key(each) for each in told], document["_id"]))
    return [id_ for _, id_ in sorted(keyed, reverse=down)]


def found(answer: Any) -> list[str]:
    return [document["_id"] for document in answer["docs"]]


@pytest.fixture
def numbered(store: DocumentStore) -> Any:
    count = iter(range(1 << 30))
    return lambda: Asked(store, f"q{next(count)}")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rounds=st.lists(writes, min_size=1, max_size=3),
    defined=st.sampled_from(INDEXES),
    selector=selectors,
    down=st.booleans(),
    limit=st.integers(1, 4),
)
def test_by_an_index_and_without_the_same_is_found(
    numbered: Any, rounds: Any, defined: Any, selector: Any, *, down: bool, limit: int
) -> None:
    asked: Asked = numbered()
    by: index.Index | None = None
    for changes in rounds:  # the index is made after the first of them, and brought forward after the others
        asked.change(*changes)
        scanned = asked.find(selector=selector, use_index=[], limit=100) if by is None else None
        if scanned is not None:
            assert found(scanned) == expected(list(asked.documents.values()), None, selector)
            by = asked.define(defined)
        sort = [{name: "desc" if down else "asc"} for name in defined["fields"]]
        right = expected(list(asked.documents.values()), by, selector, down=down)
        told = {"selector": selector, "sort": sort, "use_index": ["by", "by"], "allow_fallback": False}
        answer = asked.find(**told, limit=100, execution_stats=True)
        assert found(answer) == right
        assert answer["execution_stats"]["total_docs_examined"] <= len(asked.documents)
        assert len(right) <= answer["execution_stats"]["total_keys_examined"] <= len(asked.documents)
        assert found(asked.find(**told, limit=limit, skip=1)) == right[1 : 1 + limit]
        paged: list[str] = []
        page: dict[str, Any] = {"bookmark": None}
        while page.get("docs", True):
            page = asked.find(**told, limit=limit, bookmark=page["bookmark"])
            paged += found(page)
        assert paged == right


class TestIndexes:
    @pytest.fixture
    def asked(self, numbered: Any) -> Asked:
        asked: Asked = numbered()
        asked.change(*(("write", f"{n:03}", {"n": n}) for n in range(100)))
        return asked

    def test_only_the_range_is_examined(self, asked: Asked) -> None:
        asked.define({"fields": ["n"]})
        told = asked.find(selector={"n": {"$gte": 10, "$lt": 20}}, execution_stats=True)
        assert found(told) == [f"{n:03}" for n in range(10, 20)]
        stats = told["execution_stats"]
        assert (stats["total_keys_examined"], stats["total_docs_examined"]) == (10, 10)
        assert "warning" not in told
        stats = asked.find(selector={"n": {"$gt": 10}}, limit=3, execution_stats=True)["execution_stats"]
        assert (stats["total_keys_examined"], stats["total_docs_examined"], stats["results_returned"]) == (3, 3, 3)
        told = asked.find(selector={"n": {"$gte": 0}, "x": 1}, execution_stats=True)
        assert told["warning"].startswith("The number of documents examined is high")

    def test_without_an_update_it_is_as_it_was(self, asked: Asked) -> None:
        asked.define({"fields": ["n"]})
        selector = {"n": {"$gte": 90}}
        assert found(asked.find(selector=selector, update=False)) == []
        assert len(found(asked.find(selector=selector))) == 10
        asked.change(("write", "new", {"n": 95}), ("delete", "099", {}), ("purge", "098", {}))
        for stale in ({"update": False}, {"stale": "ok"}):
            assert found(asked.find(selector=selector, **stale)) == [f"{n:03}" for n in range(90, 98)]
        assert found(asked.find(selector=selector))[5:7] == ["095", "new"]

    def test_lazily_it_is_updated_behind(self, asked: Asked) -> None:
        made, store = asked.define({"fields": ["n"]}), asked.store
        wanted = query.asked({"selector": {"n": {"$gte": 90}}, "update": "lazy"})

        async def answers() -> list[int]:
            keeper = Keeper(store)
            known = await store.database.read(lambda c: definitions.indexes_now(store, c, asked.view))
            counts = []
            for _ in range(2):
                search = Search(store, keeper, asked.view, wanted, plan.choose(wanted, known))
                text = b"".join([piece async for piece in search.answer()])
                counts.append(len(orjson.loads(text)["docs"]))
                await asyncio.gather(*keeper._later)
            return counts

        assert asyncio.run(answers()) == [0, 10]
        assert store.database.read_now(lambda c: store.index_now(c, asked.view, signature(made))) is not None

    def test_dropped_with_its_definition_or_the_database(self, asked: Asked) -> None:
        store, view = asked.store, asked.view
        made = asked.define({"fields": ["n"]})
        assert len(found(asked.find(selector={"n": {"$gte": 90}}))) == 10
        keeper = Keeper(store)

        def rows() -> int:
            keys = Keys(b"", b"\xff", limit=1000)
            return len(store.database.read_now(lambda c: store.index_keys_now(c, view, signature(made), keys)))

        asyncio.run(keeper.sweep(view))
        assert rows() == 100
        store.database.write_now(lambda c: definitions.remove_now(store, c, view, ADMIN, lambda each: True))  # noqa: ARG005
        asyncio.run(keeper.sweep(view))
        assert rows() == 0
        assert store.database.read_now(lambda c: store.index_now(c, view, signature(made))) is None
        with pytest.raises(BadFind):
            asked.find(selector={"n": {"$gte": 90}}, allow_fallback=False)
        asked.define({"fields": ["n"]})
        assert len(found(asked.find(selector={"n": {"$gte": 90}}, allow_fallback=False))) == 10
        store.database.write_now(lambda c: store.delete_now(c, view.database))
        store.database.write_now(lambda c: store.create_now(c, view.database))
        assert store.database.read_now(lambda c: store.index_now(c, view, signature(made))) is None

    def test_one_goes_in_small_transactions(self, asked: Asked) -> None:
        store, view = asked.store, asked.view
        made = signature(asked.define({"fields": ["n"]}))
        asked.find(selector={"n": {"$gte": 90}})
        assert store.database.write_now(lambda c: store.index_drop_now(c, view, (), 70)) is True
        assert store.database.read_now(lambda c: store.index_now(c, view, made)) is None
        assert len(found(asked.find(selector={"n": {"$gte": 90}}))) == 10  # begun anew beside what still goes
        assert store.database.write_now(lambda c: store.index_drop_now(c, view, [made], 70)) is False
        assert len(found(asked.find(selector={"n": {"$gte": 0}}, limit=1000))) == 100

    def test_a_step_that_another_has_taken_is_refused(self, asked: Asked) -> None:
        store, view = asked.store, asked.view
        step = Step(0, 50, 0, ["000"], [(b"\x04", "000")])

        def take(step: Step) -> bool:
            return store.database.write_now(lambda c: store.index_forward_now(c, view, "s", step))

        assert [take(step), take(step)] == [True, False]
        asked.change(("purge", "001", {}))
        assert take(Step(50, 100, 0, ["001"], [(b"\x04", "001")])) is False
        assert take(Step(50, 100, 1, ["000"], [(b"\x05", "000")])) is True
        keys = Keys(b"", b"\xff", limit=10)
        assert store.database.read_now(lambda c: store.index_keys_now(c, view, "s", keys)) == [(b"\x05", "000")]

    def test_many_at_once_and_writes_meanwhile(self, asked: Asked, make: Make) -> None:
        made, store = asked.define({"fields": ["n"]}), asked.store
        stores = [store, make({}), make({})]

        async def run() -> None:
            keepers = [Keeper(each) for each in stores]  # each as in a process of its own
            work = [keeper.forward(asked.view, made) for keeper in keepers for _ in range(3)]
            for n in range(40):
                draft = compose(f"{n:03}", {"n": -n}, rev=None)
                draft.rev = asked.documents[draft.id]["_rev"]
                write = lambda c, draft=draft: store.write_now(c, asked.view, ADMIN, [draft], new_edits=True)  # noqa: E731
                work.append(store.database.write(write))
            await asyncio.gather(*work)

        asyncio.run(run())
        told = asked.find(selector={"n": {"$lte": 50}}, sort=["n"], limit=100)
        assert [document["n"] for document in told["docs"]] == [*range(-39, 1), *range(40, 51)]
