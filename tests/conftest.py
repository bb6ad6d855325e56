"""What all tests may ask for: a PostgreSQL, started once for the run and only when a test wants it."""

from collections.abc import Iterator

import pytest

from tests import postgresql
from tests.postgresql import Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with postgresql.running() as started:
        yield started
