from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.reminders.ground import Ground


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path / "ground")
    yield made
    made.database.close()
