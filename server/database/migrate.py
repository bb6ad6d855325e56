"""Bringing a database's tables up to date. Alembic, without an ``alembic.ini``.

Alembic is imported only when there is something to bring up to date: it takes as long as the database layer itself, and
every command asks whether the tables are current.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, MetaData, column, create_engine, inspect, pool, select, table
from sqlalchemy.engine import make_url

from server.database.tables import metadata
from sync.store.tables import metadata as sync_metadata

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS: Final = Path(__file__).parent.parent.parent / "migrations"
METADATA: Final[list[MetaData]] = [sync_metadata, metadata]
"""Every table there is: the store's and the application's."""

_VERSION: Final = table("alembic_version", column("version_num"))


def upgrade(database_url: str) -> None:
    """Bring the database at ``database_url`` up to the newest revision; make it, and its folder, where there is none.

    All steps run in one transaction: after a failure the tables are as before.
    """
    _make_folder(database_url)
    if _is_current(database_url):
        return
    from alembic import command  # noqa: PLC0415  see above

    command.upgrade(config(database_url), "head")


def current(connection: Connection) -> str | None:
    """Return the revision that the tables are at, ``None`` for a database that was never migrated."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    found: str | None = connection.scalar(select(_VERSION.c.version_num))
    return found


def head() -> str | None:
    """Return the newest revision: migrations are numbered, one after the other, and so are their files."""
    return max((path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*_*.py")), default=None)


def config(database_url: str) -> "Config":
    """Return Alembic's configuration for one database."""
    from alembic.config import Config  # noqa: PLC0415  see above

    made = Config()
    made.set_main_option("script_location", str(SCRIPTS))
    made.attributes["database_url"] = database_url
    return made


def _is_current(database_url: str) -> bool:
    engine = create_engine(database_url, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            return current(connection) == head()
    finally:
        engine.dispose()


def _make_folder(database_url: str) -> None:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
