"""Each backend that must keep the contract, by name."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from sync.access import Rules
from sync.store import DocumentStore, Store
from sync.store.database import Database
from tests.postgresql import Cluster

Make = Callable[[Mapping[str, Rules]], DocumentStore]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    made = cluster.create()
    yield made
    cluster.drop(made)


@pytest.fixture
def make(url: str) -> Iterator[Make]:
    """Open the backend's one store with given rules; it has the databases ``plain`` and ``areas``."""
    opened: list[Database] = []

    def open_(rules: Mapping[str, Rules]) -> DocumentStore:
        database = Database(url)
        opened.append(database)
        store = Store(database, rules)
        if len(opened) == 1:
            database.write_now(store.create_tables_now)
            database.write_now(lambda connection: store.create_now(connection, "plain"))
            database.write_now(lambda connection: store.create_now(connection, "areas"))
        return store

    yield open_
    for database in opened:
        database.close()


@pytest.fixture
def store(make: Make) -> DocumentStore:
    return make({})
