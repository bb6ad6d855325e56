"""The rules need a store and no web application: these tests do without one, which makes them quick."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from server.database.tables import metadata
from server.documents.rules import DATABASE, AreaRules
from sync.store import Store
from sync.store.database import Database
from sync.store.tables import metadata as sync_metadata


@pytest.fixture
def app(settings: Any, clock: Any) -> Iterator[Any]:
    database = Database(settings.database_url)
    store = Store(database, {DATABASE: AreaRules(clock)})
    database.write_now(metadata.create_all)
    database.write_now(sync_metadata.create_all)
    database.write_now(lambda c: store.ensure_now(c, DATABASE))
    passwords = SimpleNamespace(hash_now=lambda _password: "!")
    yield SimpleNamespace(state=SimpleNamespace(database=database, store=store, passwords=passwords, clock=clock))
    database.close()
