"""Copying a whole installation from one database to another, of whichever systems they are.

The target is written in one transaction, read back and compared within it: a copy that is stopped or differs is undone,
and the target is as empty as before. What is read is one moment of the source.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import Column, Connection, Engine, Integer, LargeBinary, Table, func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from server.clock import Clock, to_ms
from server.database.migrate import METADATA, current, head, upgrade
from server.errors import Conflict, Invalid
from server.scheduling.tables import lease
from sync.store.backend import backend
from sync.store.sql.run import copy
from sync.store.tables import databases, documents

BATCH: Final = 1000
"""Rows that are held in memory at a time."""
LARGE: Final = 50
"""The same, of a table with bodies or attachments: up to 8 MB each."""
MODULUS: Final = 1 << 128


@dataclass(frozen=True, slots=True)
class Digest:
    """What a table holds, whatever the order: how many rows, and the sum of their hashes."""

    rows: int = 0
    total: int = 0

    def add(self, row: Sequence[Any]) -> "Digest":
        """Return the digest with one more row."""
        told = int.from_bytes(blake2b(repr(tuple(row)).encode(), digest_size=16).digest())
        return Digest(self.rows + 1, (self.total + told) % MODULUS)

    def __str__(self) -> str:
        return f"{self.total:032x}"


@dataclass(frozen=True, slots=True)
class Summary:
    """What was copied."""

    tables: dict[str, Digest]
    documents: dict[str, Digest]
    """Live documents and their winning revisions, by database."""


def copy_installation(source: str, target: str, clock: Clock, progress: Callable[[str], None]) -> Summary:
    """Copy all that is in the database at the URL ``source`` into the empty one at ``target``.

    Raises :class:`Conflict` when the source is in use or not current, the target not empty, or the copy differs.
    """
    if make_url(source) == make_url(target):
        raise Conflict("来源和目标是同一个数据库。")
    with _opened(source, "来源") as (reader, _), _snapshot(reader) as connection:
        _ready(connection, clock)
    _reach(target)
    with _opened(target, "目标") as (_, writer), writer.connect() as into, into.begin():
        _empty(into)
        _wait_with_references(into)
        with _opened(source, "来源") as (reader, _), _snapshot(reader) as connection:
            _ready(connection, clock)
            copied = {table.name: _copied(connection, into, table, progress) for table in _tables()}
            told = _documents(connection)
        progress("正在核对")
        for table in _tables():
            if _digest(into, table) != copied[table.name]:
                raise Conflict(f"核对不符：表 {table.name}。目标没有改动，请检查磁盘后再试。")
        if _documents(into) != told:
            raise Conflict("核对不符：记录的版本。目标没有改动，请检查磁盘后再试。")
    with _opened(target, "目标") as (_, writer), writer.connect() as into, into.begin():
        into.execute(text("ANALYZE"))
    return Summary(copied, told)


@contextmanager
def _opened(url: str, which: str) -> Iterator[tuple[Engine, Engine]]:
    try:
        system = backend(make_url(url), readers=1)
    except (ValueError, SQLAlchemyError) as error:
        raise Invalid("url", f"{which}的数据库地址不对，应像 sqlite:////目录/baijiamen.db 或 postgresql://…") from error
    try:
        yield system.read_engine, system.write_engine
    finally:
        system.read_engine.dispose()
        system.write_engine.dispose()


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection, connection.begin():
        yield connection


def _reach(target: str) -> None:
    try:
        upgrade(target)
    except SQLAlchemyError as error:
        raise Conflict(
            f"目标数据库打不开（{type(error).__name__}）。请检查地址、密码，以及数据库是否已建好。"
        ) from error


def _ready(connection: Connection, clock: Clock) -> None:
    if current(connection) != head():
        raise Conflict("来源的表结构不是最新的。请先对它运行 baijiamen migrate。")
    until = connection.scalar(select(func.max(lease.c.until_ms)))
    if until is not None and until > to_ms(clock.now()):
        raise Conflict("来源的服务还在运行，复制期间的新记录会漏掉。请先停下服务（刚被强行结束的，等一分钟）再复制。")


def _tables() -> list[Table]:
    """Return every table, each after those that it refers to."""
    return [table for each in METADATA for table in each.sorted_tables]


def _empty(connection: Connection) -> None:
    for table in _tables():
        if connection.execute(select(table).limit(1)).first() is not None:
            raise Conflict(f"目标里已经有数据（表 {table.name}），没有改动它。请换一个空的数据库。")


def _wait_with_references(connection: Connection) -> None:
    """Have SQLite look at references when all rows are there. Elsewhere rows come in an order in which they hold."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))


def _rows(connection: Connection, table: Table) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield a table's rows in batches; of a tree that refers to itself, those above before those below."""
    size = LARGE if any(isinstance(column.type, LargeBinary) for column in table.columns) else BATCH
    query = select(table)
    if any(key.column.table is table for key in table.foreign_keys):
        query = query.order_by(table.c.path)
    with closing(connection.execute(query, execution_options={"yield_per": size})) as found:
        yield from found.partitions(size)


def _copied(source: Connection, target: Connection, table: Table, progress: Callable[[str], None]) -> Digest:
    digest = Digest()
    columns = list(table.columns)
    for batch in _rows(source, table):
        for row in batch:
            digest = digest.add(row)
        if target.dialect.name == "postgresql":
            copy(target, columns, batch)
        else:
            target.execute(insert(table), [dict(zip(table.columns.keys(), row, strict=True)) for row in batch])
    number = _numbered(table)
    if number is not None:
        _go_on_after(target, number, _last(source, number))
    progress(f"{table.name}：{digest.rows} 行")
    return digest


def _digest(connection: Connection, table: Table) -> Digest:
    digest = Digest()
    for batch in _rows(connection, table):
        for row in batch:
            digest = digest.add(row)
    return digest


def _documents(connection: Connection) -> dict[str, Digest]:
    names = {row.n: row.name for row in connection.execute(select(databases.c.n, databases.c.name))}
    told = dict.fromkeys(names.values(), Digest())
    live = select(documents.c.db, documents.c.id, documents.c.rev).where(documents.c.deleted == 0)
    with closing(connection.execute(live, execution_options={"yield_per": BATCH})) as found:
        for db, id_, rev in found:
            told[names[db]] = told[names[db]].add((id_, rev))
    return told


def _numbered(table: Table) -> Column[Any] | None:
    """Return the column that the database numbers by itself."""
    column = table.autoincrement_column
    return column if column is not None and isinstance(column.type, Integer) else None


def _last(connection: Connection, column: Column[Any]) -> int:
    """Return the last number that was given, be its row there or not."""
    most: int = connection.scalar(select(func.coalesce(func.max(column), 0))) or 0
    if connection.dialect.name == "postgresql":
        sequence = connection.scalar(select(func.pg_get_serial_sequence(column.table.name, column.name)))
        given = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()
        return max(most, given.last_value if given.is_called else 0)
    if column.table.dialect_options["sqlite"]["autoincrement"]:
        told = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return max(most, connection.scalar(told, {"name": column.table.name}) or 0)
    return most


def _go_on_after(connection: Connection, column: Column[Any], last: int) -> None:
    """Have the database number on after ``last``."""
    if not last:
        return
    name = column.table.name
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.setval(func.pg_get_serial_sequence(name, column.name), last)))
    elif column.table.dialect_options["sqlite"]["autoincrement"]:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
        connection.execute(
            text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), {"name": name, "last": last}
        )
