"""Read models made anew from the documents, while the server runs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select, update

from server.clock import FixedClock
from server.followups.tables import followup
from server.households.tables import household
from server.rebuilding import rebuild, unfinished
from server.reminders.tables import reminder
from server.reviews.tables import review
from server.visits.tables import arrival, visit, visit_count, visit_gone
from sync.store.database import Database
from tests.server.conftest import World
from tests.server.phones import Phone

TABLES = (household, review, visit, visit_count, visit_gone, followup, arrival, reminder)

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def phone(district: World) -> Phone:
    return Phone(district)


@pytest.fixture
def supervisor(district: World) -> Phone:
    return Phone(district, "supervisor", "c1")


def rows(database: Database) -> Rows:
    def read(connection: Any) -> Rows:
        return {each.name: sorted(map(dict, connection.execute(select(each)).mappings()), key=repr) for each in TABLES}

    return database.read_now(read)


def write_some(phone: Phone, supervisor: Phone) -> list[str]:
    """Write five doors with a visit and a promise each; one visit is approved, one returned, one deleted."""
    visits = [phone.visit(household=f"household:d-0101:50{n}") for n in range(5)]
    phone.push(*(phone.household(f"50{n}") for n in range(5)), *visits, *(phone.followup() for _ in range(5)))
    names: list[str] = [each["_id"] for each in visits]
    supervisor.leaf = "d-0101"
    for name, state in zip(names, ("approved", "returned"), strict=False):
        stored = phone.world.database.read_now(lambda c, name=name: phone.store.get_now(c, "areas", name))
        supervisor.push(supervisor.review(name, stored.rev, state=state, note="请写清楚"))
    phone.push(phone.deleted(names[2]))
    return names


def spoil(table: Table) -> Callable[[Any], Any]:
    return lambda c: c.execute(delete(table))


@pytest.mark.parametrize("batch", [1, 2, 1_000])
def test_whatever_became_of_the_rows_a_rebuild_mends_them(
    district: World, phone: Phone, supervisor: Phone, clock: FixedClock, batch: int
) -> None:
    names = write_some(phone, supervisor)
    database = district.database
    whole = rows(database)
    told: list[int] = []
    assert rebuild(database, phone.store, clock, batch=batch, progress=told.append) == 17
    assert told[-1] == 17
    assert rows(database) == whole
    for table in (household, review, visit, visit_count, visit_gone, followup):
        database.write_now(spoil(table))
        rebuild(database, phone.store, clock, batch=batch)
        assert rows(database) == whole
    stray = dict(whole["visit"][0]) | {"id": names[0][:-1] + "Z"}
    database.write_now(lambda c: c.execute(insert(visit).values(**stray)))
    database.write_now(lambda c: c.execute(update(visit).values(state="pending", note="?", area="d-0102")))
    database.write_now(lambda c: c.execute(insert(household).values(**whole["household"][0] | {"id": "household:z:1"})))
    database.write_now(lambda c: c.execute(insert(review).values(**whole["review"][0] | {"visit": names[4]})))
    database.write_now(lambda c: c.execute(insert(followup).values(**whole["followup"][0] | {"id": "followup:0"})))
    rebuild(database, phone.store, clock, batch=batch)
    assert rows(database) == whole


def test_what_is_written_meanwhile_is_in_the_rows_too(
    district: World, phone: Phone, supervisor: Phone, clock: FixedClock
) -> None:
    names = write_some(phone, supervisor)

    def writes() -> Iterator[None]:
        for n in range(5):
            phone.push(phone.visit(note=f"第 {n} 次"), phone.household(f"60{n}"))
            yield
        phone.push({"_id": names[3], **phone.docs[names[3]], "note": "改过"})
        yield
        phone.push(phone.deleted(names[4]))
        yield

    meanwhile = writes()
    rebuild(district.database, phone.store, clock, batch=2, rest=lambda: next(meanwhile, None))
    assert next(meanwhile, "all written") == "all written"
    after = rows(district.database)
    rebuild(district.database, phone.store, clock)
    assert rows(district.database) == after
    assert len(after["visit"]) == 8


def test_one_that_was_cut_off_is_noticed_until_the_next_has_ended(
    district: World, phone: Phone, supervisor: Phone, clock: FixedClock
) -> None:
    write_some(phone, supervisor)

    def cut() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(district.database, phone.store, clock, batch=2, rest=cut)
    assert district.database.read_now(unfinished) is not None
    rebuild(district.database, phone.store, clock)
    assert district.database.read_now(unfinished) is None
