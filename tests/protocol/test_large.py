"""Large things, by a server process of its own: what they cost in time and memory has a bound.

``python -m tests.bench large`` is the long form of the same.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql
from tests.bench import large
from tests.bench.serving import Serving, serving
from tests.postgresql import Cluster

FEEDS = 1_000
DEPTH = 10_000
GROWTH = 20
"""Megabytes."""


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    place: Path | str = tmp_path_factory.mktemp("large")
    cluster: Cluster | None = request.getfixturevalue("cluster") if postgresql.WANTED else None
    if cluster is not None:
        place = cluster.create()
    with serving(place, feeds=FEEDS + 10, feeds_each=FEEDS + 10) as made:
        yield made
    if cluster is not None:
        cluster.drop(str(place))


def test_a_long_attachment_passes_through(server: Serving) -> None:
    _, _, grown = large.attachment(server, 100)
    assert grown < GROWTH


async def test_many_feeds_wait_and_all_are_woken(server: Serving) -> None:
    told = await large.waiting(server, "continuous", FEEDS)
    assert told.memory < 200


def test_an_edit_of_a_deep_history_costs_little_more_than_one_of_a_short(server: Serving) -> None:
    told = large.over_deep(server, DEPTH)
    assert told.deep < 10 * told.short
    assert told.lengths == [DEPTH, DEPTH, DEPTH]


def test_a_great_document_goes_through_everything(server: Serving) -> None:
    assert "_find" in large.document(server)
