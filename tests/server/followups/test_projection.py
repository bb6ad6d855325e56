"""The read model of follow-ups is what the documents say."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from server.followups import projection, repository
from sync.access import Stored
from tests.server.reminders.ground import Ground, followup, tombstone


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path / "ground")
    yield made
    made.database.close()


def rows(ground: Ground) -> list[repository.Followup]:
    ids = [followup(number, "2026-01-01").id for number in range(1, 10)]
    return sorted(ground.database.read_now(lambda c: repository.by_ids(c, ids)).values(), key=lambda each: each.id)


def test_a_row_has_the_facts_of_its_document(ground: Ground) -> None:
    made = followup(1, "2026-11-24", visit="visit:01JD000000000000000000000V")
    ground.project(made)
    (row,) = rows(ground)
    assert (row.due, row.assignee, row.author, row.state) == (date(2026, 11, 24), "visitor", "visitor", "open")
    assert (row.area, row.household, row.visit) == ("d1", "household:d1:1", "visit:01JD000000000000000000000V")


def test_doing_it_again_changes_nothing(ground: Ground) -> None:
    for _ in range(2):
        ground.project(followup(1, "2026-11-24"), followup(2, "2026-11-25", to="second"))
    assert [each.assignee for each in rows(ground)] == ["visitor", "second"]
    assert len(ground.reminders()) == 2


def test_documents_of_other_types_and_tombstones_of_the_unknown_are_passed_over(ground: Ground) -> None:
    ground.project(Stored("visit:x", "1-a", deleted=False, seq=1, body={}), tombstone(followup(1, "2026-11-24")))
    assert rows(ground) == []


def test_a_document_that_no_row_can_be_made_of_does_not_stop_the_others(ground: Ground) -> None:
    ground.project(followup(1, "soon"), followup(2, "2026-11-24"))
    assert [each.id for each in rows(ground)] == [followup(2, "2026-11-24").id]


async def test_rebuilding_keeps_what_was_told(ground: Ground) -> None:
    ground.device("visitor")
    documents = [followup(1, "2026-11-24"), followup(2, "2026-11-26"), followup(3, "2026-11-26")]
    ground.project(*documents)
    await ground.run("2026-11-24 08:30")
    before = rows(ground)
    ground.database.write_now(lambda c: projection.renew(c, documents[:2], "followup:", "followup:~"))
    assert rows(ground) == before[:2]
    assert [each.state for each in ground.reminders(followup=documents[2].id)] == ["cancelled"]
    await ground.run("2026-11-24 09:00")
    assert len(ground.push.parcels) == 1
    await ground.run("2026-11-26 08:30")
    assert len(ground.push.parcels) == 2
