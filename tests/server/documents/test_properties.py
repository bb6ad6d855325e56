"""After any history, the read models are what a rebuild makes of the documents."""

import contextlib
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from server.accounts import repository as accounts
from server.accounts.models import Grant, Role
from server.areas import repository as areas
from server.areas.models import Area, AreaKind
from server.clock import SHANGHAI, FixedClock
from server.database.tables import metadata
from server.documents.rules import DATABASE, AreaRules
from server.households.tables import household
from server.rebuilding import rebuild
from server.reviews.tables import review
from server.visits.tables import visit, visit_count, visit_gone
from sync.store import Store
from sync.store.database import Database
from sync.store.tables import metadata as sync_metadata
from tests.server.phones import Phone

TABLES = (household, review, visit, visit_count, visit_gone)


class Histories(RuleBasedStateMachine):
    """Two visitors and a supervisor write, in any order, what may and what may not be written."""

    visits = Bundle("visits")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'b.db'}")
        self.clock = FixedClock(datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI))
        store = Store(self.database, {DATABASE: AreaRules(self.clock)})

        def begin(connection: Any) -> None:
            metadata.create_all(connection)
            sync_metadata.create_all(connection)
            store.ensure_now(connection, DATABASE)
            areas.add(connection, [Area("c1", None, AreaKind.COMMUNITY, "c1", ("c1",))])
            for leaf in ("d1", "d2"):
                areas.add(connection, [Area(leaf, "c1", AreaKind.DOOR, leaf, ("c1", leaf))])
            for name, role, area in (("ann", "visitor", "d1"), ("bob", "visitor", "c1"), ("sue", "supervisor", "c1")):
                accounts.add(connection, name=name, display_name=name, password_hash="!", admin=False, created_ms=0)
                accounts.add_grant(connection, name, Grant(Role(role), area), 0)

        self.database.write_now(begin)
        world = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(store=store)), database=self.database)
        self.store = store
        self.phones = [Phone(world, "ann", "d1"), Phone(world, "bob", "c1")]
        self.phones[1].leaf = "d2"
        self.supervisor = Phone(world, "sue", "c1")

    @rule(target=visits, who=st.integers(0, 1), outcome=st.sampled_from(["met", "declined", "angry"]))
    def record(self, who: int, outcome: str) -> tuple[int, str]:
        document = self.phones[who].visit(outcome=outcome)
        self.phones[who].push(document)
        return who, document["_id"]

    @rule(who=st.integers(0, 1), door=st.sampled_from(["501", "502"]), name=st.sampled_from(["周", "吴", None]))
    def register(self, who: int, door: str, name: str | None) -> None:
        self.phones[who].push(self.phones[who].household(door, name=name))

    @rule(of=visits, note=st.sampled_from(["", "灯", "水"]), from_pull=st.booleans())
    def change(self, of: tuple[int, str], note: str, *, from_pull: bool) -> None:
        who, name = of
        phone = self.phones[who]
        with contextlib.suppress(AssertionError):  # never stored: nothing to pull
            if from_pull:
                phone.pulled(name)
        phone.push({"_id": name, **phone.docs[name], "note": note, "outcome": "met"})

    @rule(of=visits)
    def delete(self, of: tuple[int, str]) -> None:
        who, name = of
        held = self.phones[who].docs[name]
        self.phones[who].push(self.phones[who].deleted(name))
        self.phones[who].docs[name] = held

    @rule(of=visits, state=st.sampled_from(["approved", "returned"]), stale=st.booleans())
    def judge(self, of: tuple[int, str], state: str, *, stale: bool) -> None:
        who, name = of
        stored = self.database.read_now(lambda c: self.store.get_now(c, DATABASE, name))
        rev = "1-" + "f" * 32 if stale or stored is None else stored.rev
        self.supervisor.leaf = self.phones[who].leaf
        self.supervisor.push(self.supervisor.review(name, rev, state=state, note="请写清楚"))

    @rule(door=st.sampled_from(["501", "502"]), leaf=st.sampled_from(["d1", "d2"]))
    def unregister(self, door: str, leaf: str) -> None:
        self.supervisor.push(self.supervisor.deleted(f"household:{leaf}:{door}"))

    @invariant()
    def rebuilt_is_the_same(self) -> None:
        before = self.rows()
        rebuild(self.database, self.store, self.clock, batch=3)
        assert self.rows() == before

    @invariant()
    def counters_count(self) -> None:
        rows = self.rows()
        counted: dict[tuple[str, str], int] = {}
        for row in rows["visit"]:
            counted[row["area"], row["state"]] = counted.get((row["area"], row["state"]), 0) + 1
        assert {(row["area"], row["state"]): row["visits"] for row in rows["visit_count"]} == counted

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        def read(connection: Any) -> dict[str, list[dict[str, Any]]]:
            return {
                table.name: sorted(
                    (dict(row) for row in connection.execute(select(table)).mappings()),
                    key=lambda row: [str(row[column.name]) for column in table.primary_key],
                )
                for table in TABLES
            }

        return self.database.read_now(read)

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


Histories.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestHistories = Histories.TestCase
