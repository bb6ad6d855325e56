"""An installation on PostgreSQL, as its operator looks at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.postgresql import Cluster


@pytest.fixture
def here(cluster: Cluster, tmp_path: Path) -> Iterator[Installation]:
    url = cluster.create()
    made = Installation(tmp_path, settings={"BAIJIAMEN_DATABASE_URL": url})
    made.data.mkdir()
    yield made
    made.stop()
    cluster.drop(url)


def test_the_doctor_knows_it_and_readiness_is_told(here: Installation) -> None:
    here.run("migrate")
    said = here.run("doctor", "--port", str(here.port))
    for line in (
        "✓ PostgreSQL 15",
        "✓ 数据库编码 UTF8",
        "✓ 数据库写入方式 fsync=on，full_page_writes=on",
        "✓ 表结构版本",
    ):
        assert line in said
    here.start("--no-scheduler")
    status, told = here.call("GET", "/readyz")
    assert (status, told["checks"]) == (200, {"database": True, "migrations": True, "disk": True})


def test_what_is_not_there_is_said_in_a_sentence(here: Installation) -> None:
    here.environment["BAIJIAMEN_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(AssertionError, match="请检查 PostgreSQL 是否在运行"):
        here.run("doctor", "--port", str(here.port))
    with pytest.raises(AssertionError, match="pg_dump"):
        here.run("backup", str(here.data / "copy"))
