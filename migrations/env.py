"""Alembic's environment: which database, which tables. Called by :mod:`server.database.migrate`."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection, DefaultClause, create_engine, event, false, pool, true

from server.database.migrate import METADATA
from sync.store.tables import CodePoints


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        from sync.store.postgresql import lock  # noqa: PLC0415  the system that is there, and no other

        lock(connection)  # of several processes that start together one migrates; the others find it done
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        transaction_per_migration=False,
        render_item=_portable,
    )
    with context.begin_transaction():
        context.run_migrations()


def _portable(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write what the databases have different words for as what it means."""
    if kind == "server_default" and isinstance(item, DefaultClause):
        for value, word in ((true(), "sa.true()"), (false(), "sa.false()")):
            if isinstance(item.arg, type(value)):
                return word
    if kind == "type" and isinstance(item, CodePoints):
        return 'sa.Text().with_variant(sa.Text(collation="C"), "postgresql")'
    return False


def _main() -> None:
    engine = create_engine(context.config.attributes["database_url"], poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _connected(dbapi: object, _record: object) -> None:
            dbapi.isolation_level = None  # type: ignore[attr-defined]  # we say BEGIN: else DDL is not in a transaction
            dbapi.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined]
            dbapi.execute("PRAGMA busy_timeout = 30000")  # type: ignore[attr-defined]

        @event.listens_for(engine, "begin")
        def _begun(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        _run(connection)
    engine.dispose()


_main()
