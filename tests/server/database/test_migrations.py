import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from server.database import migrate
from sync.store.database import Database

ROOT = Path(__file__).parents[3]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new' / 'folder' / 'baijiamen.db'}"


def tables(connection: Connection) -> dict[str, set[str]]:
    """Return what SQLite says of each table: columns, keys, indexes, constraints."""
    rows = connection.execute(text("SELECT name, tbl_name, sql FROM sqlite_master WHERE name != 'alembic_version'"))
    found: dict[str, set[str]] = {}
    for name, table, sql in rows:
        if table != "alembic_version":
            found.setdefault(table, set()).add(
                " ".join(sorted((sql or name).replace(",", " ").replace('"', "").split()))
            )
    return found


def test_an_empty_folder_becomes_the_tables_of_today(url: str, tmp_path: Path) -> None:
    migrate.upgrade(url)
    fresh = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    for each in migrate.METADATA:
        fresh.write_now(each.create_all)
    migrated = Database(url)
    try:
        ours, theirs = migrated.read_now(tables), fresh.read_now(tables)
        assert ours.keys() == theirs.keys()
        for name, described in ours.items():
            assert described == theirs[name], name
    finally:
        migrated.close()
        fresh.close()


def test_nothing_is_left_to_revise(url: str) -> None:
    migrate.upgrade(url)
    database = Database(url)
    try:

        def left(connection: Connection) -> list[object]:
            both = MetaData()
            for each in migrate.METADATA:
                for table in each.sorted_tables:
                    table.to_metadata(both)
            return list(compare_metadata(MigrationContext.configure(connection), both))

        assert database.write_now(left) == []
    finally:
        database.close()


def test_upgrading_again_changes_nothing_and_keeps_the_data(url: str) -> None:
    migrate.upgrade(url)
    database = Database(url)
    database.write_now(lambda c: c.execute(text("INSERT INTO sync_meta (key, value) VALUES ('uuid', 'kept')")))
    database.close()
    migrate.upgrade(url)
    database = Database(url)
    try:
        assert database.read_now(lambda c: c.scalar(text("SELECT value FROM sync_meta"))) == "kept"
        assert database.read_now(migrate.current) == migrate.head()
    finally:
        database.close()


def test_the_newest_migration_is_the_one_that_alembic_ends_at(url: str) -> None:
    assert migrate.head() == ScriptDirectory.from_config(migrate.config(url)).get_current_head()
    migrate.upgrade(url)
    database = Database(url)
    try:
        ours = database.read_now(migrate.current)
        assert ours == database.read_now(lambda c: MigrationContext.configure(c).get_current_revision())
    finally:
        database.close()


@pytest.mark.parametrize("command", ["server.cli_serve", "server.cli_accounts"])
def test_a_command_on_current_tables_does_not_import_what_changes_them(url: str, command: str) -> None:
    migrate.upgrade(url)
    code = f"import sys, {command}; from server.database.migrate import upgrade; upgrade({url!r});"
    code += "print(*{'alembic', 'apprise', 'pywebpush'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
