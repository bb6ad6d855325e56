"""The tables on PostgreSQL, made by however many processes start together."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, create_engine

from server.database import migrate
from tests.installation import BAIJIAMEN
from tests.postgresql import Cluster


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    made = cluster.create()
    yield made
    cluster.drop(made)


def left(connection: Connection) -> list[object]:
    both = MetaData()
    for each in migrate.METADATA:
        for table in each.sorted_tables:
            table.to_metadata(both)
    return list(compare_metadata(MigrationContext.configure(connection), both))


def test_of_processes_that_start_together_one_makes_the_tables(url: str, tmp_path: Path) -> None:
    environment = {**os.environ, "BAIJIAMEN_DATABASE_URL": url, "BAIJIAMEN_DATA": str(tmp_path)}
    started = [
        subprocess.Popen([BAIJIAMEN, "migrate"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    assert all(f"数据库已是最新（{migrate.head()}）" in each for each in said)
    engine = create_engine(url)
    with engine.connect() as connection:
        assert left(connection) == []
    engine.dispose()
