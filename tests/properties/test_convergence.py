"""Replicas of all kinds that edit, delete, sync in part and die at random end with the same leaves, winner and bytes.

``BAIJIAMEN_CONVERGENCE_SECONDS`` says for how long they are driven; without it a few short lives are lived.
``BAIJIAMEN_TEST_DATABASE=postgresql`` has one more server take part, on PostgreSQL.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import postgresql
from tests.properties.lives import MEMORY, Convergence, Way
from tests.properties.replicas import (
    InMemory,
    Node,
    OverHttp,
    Pouch,
    Process,
    Replica,
    by_servers,
    killed_meanwhile,
    processes,
    through_pouch,
)
from tests.protocol.packages import NODE

SECONDS: Final = float(os.environ.get("BAIJIAMEN_CONVERGENCE_SECONDS", "0"))
QUIET: Final = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def test_three_in_memory() -> None:
    live(Convergence, examples=8, steps=25, share=0.2)


# -- all kinds -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def started(
    request: pytest.FixtureRequest,
) -> Iterator[tuple[list[Process], Node]]:
    """Two server processes, on request a third on PostgreSQL, and node."""
    with TemporaryDirectory(dir=MEMORY) as one, TemporaryDirectory(dir=MEMORY) as two:
        places: list[Path | str] = [Path(one), Path(two)]
        if postgresql.WANTED:
            places.append(request.getfixturevalue("cluster").create())
        with processes(places) as told:
            yield told


@pytest.mark.node
@pytest.mark.skipif(NODE is None, reason="node is not installed: make setup brings it")
def test_all_kinds(started: tuple[list[Process], Node]) -> None:
    servers, node = started

    class OfAllKinds(Convergence):
        did: ClassVar[Counter[str]] = Counter()
        tombstones_have_attachments: ClassVar[bool] = False  # PouchDB drops them

        def make(self, folder: Path) -> Sequence[Replica]:
            n = self.number
            kinds = [OverHttp(f"server {k}", server, f"life{n}") for k, server in enumerate(servers)]
            area = OverHttp("area", servers[0], f"area-{n}", user="phone")
            return [*kinds, InMemory("memory", folder), Pouch("pouch", node, f"pouch{n}"), area]

        def teardown(self) -> None:
            super().teardown()
            for server in servers:
                assert server.http.delete(f"/life{self.number}").is_success

        def carry(self, source: Replica, target: Replica, way: Way) -> int:
            ends = source, target
            if way.by > 1 or any(isinstance(end, InMemory) for end in ends):
                return super().carry(source, target, way)
            if isinstance(source, Pouch) or isinstance(target, Pouch):
                if isinstance(target, Pouch) and self.model.mixed_up(source.name, target.name):
                    return super().carry(source, target, way)
                return through_pouch(node, source, target, batch=way.batch, cut=way.cut, ids=way.only)
            assert isinstance(source, OverHttp)
            assert isinstance(target, OverHttp)
            runner = (source, target)[way.by]
            if way.cut:
                killed_meanwhile(runner, source, target)
                return 0
            return by_servers(runner, source, target, batch=way.batch, ids=way.only)

    live(OfAllKinds, examples=3, steps=12, share=0.8)


def live(machine: type[Convergence], *, examples: int, steps: int, share: float) -> None:
    """Live some lives; where time is given, its ``share`` long, and longer lives."""
    short = settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=QUIET)
    longer = settings(short, max_examples=5, stateful_step_count=4 * steps)
    if not SECONDS:
        run_state_machine_as_test(machine, settings=short)
    end = time.monotonic() + SECONDS * share
    while time.monotonic() < end:
        run_state_machine_as_test(machine, settings=longer)
    print(f"{machine.__name__}: {dict(machine.did)}")  # noqa: T201  seen with -s
