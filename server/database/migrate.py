"""Bringing a database's tables up to date. Alembic, without an ``alembic.ini``."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url

from server.database.tables import metadata
from sync.store.tables import metadata as sync_metadata

SCRIPTS: Final = Path(__file__).parent.parent.parent / "migrations"
METADATA: Final[list[MetaData]] = [sync_metadata, metadata]
"""Every table there is: the store's and the application's."""


def upgrade(database_url: str) -> None:
    """Bring the database at ``database_url`` up to the newest revision; make it, and its folder, where there is none.

    All steps run in one transaction: after a failure the tables are as before.
    """
    _make_folder(database_url)
    command.upgrade(config(database_url), "head")


def current(connection: Connection) -> str | None:
    """Return the revision that the tables are at, ``None`` for a database that was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """Return the newest revision."""
    return ScriptDirectory(str(SCRIPTS)).get_current_head()


def config(database_url: str) -> Config:
    """Return Alembic's configuration for one database."""
    made = Config()
    made.set_main_option("script_location", str(SCRIPTS))
    made.attributes["database_url"] = database_url
    return made


def _make_folder(database_url: str) -> None:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
