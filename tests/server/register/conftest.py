"""A community to import into, on a real store."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from server.areas import repository as areas
from server.areas.models import Area, AreaKind
from server.clock import SHANGHAI, FixedClock
from server.database.tables import metadata
from server.documents.rules import DATABASE, AreaRules
from server.register.report import Report
from server.register.service import import_households
from sync.access import Stored
from sync.store import Store
from sync.store.database import Database


@dataclass
class Office:
    """A community office: ``c1`` with nothing in it, and ``s1`` above it."""

    database: Database
    store: Store
    clock: FixedClock

    def take_in(self, file: Path, area: str = "c1", *, dry_run: bool = False) -> Report:
        return import_households(self.database, self.store, self.clock, file, area, "admin", dry_run=dry_run)

    def get(self, id_: str) -> Stored:
        found = self.database.read_now(lambda c: self.store.get_now(c, DATABASE, id_))
        assert found is not None, id_
        return found

    def all(self) -> dict[str, Stored]:
        return self.database.read_now(lambda c: {each.id: each for each in self.store.iterate_now(c, DATABASE)})

    def edit(self, id_: str, **values: Any) -> None:
        """Do what a visitor's phone does: change some fields of a household."""
        stored = self.get(id_)
        body = dict(stored.body) | values
        self.database.write_now(
            lambda c: self.store.load_now(c, DATABASE, [(id_, body, stored.scope_owner, stored.scopes)])
        )

    def areas(self) -> list[Area]:
        return self.database.read_now(lambda c: areas.page(c, limit=10_000))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clock = FixedClock(datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI))
    database = Database(f"sqlite:///{tmp_path / 'office.db'}")
    store = Store(database, {DATABASE: AreaRules(clock)})
    database.write_now(metadata.create_all)
    database.write_now(store.create_tables_now)
    database.write_now(lambda c: store.create_now(c, DATABASE))
    street = Area("s1", None, AreaKind.STREET, "劝业场街", ("s1",))
    community = Area("c1", "s1", AreaKind.COMMUNITY, "新疆路社区", ("s1", "c1"))
    database.write_now(lambda c: areas.add(c, [street, community]))
    yield Office(database, store, clock)
    database.close()


@pytest.fixture
def register(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes rows of cells into an xlsx; floats become numbers."""

    def written(*rows: list[Any], name: str = "名册.xlsx", merge: tuple[str, ...] = ()) -> Path:
        path = tmp_path / name
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet("名册")
        for merged in merge:
            sheet.merge_range(merged, "")
        for index, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, float):
                    sheet.write_number(index, column, cell)
                elif cell:
                    sheet.write_string(index, column, cell)
        book.close()
        return path

    return written
