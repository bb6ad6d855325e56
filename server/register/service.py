"""Importing a register: read the file, find the doors, write the households in a few transactions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from server.areas import repository as areas
from server.areas.models import Area
from server.clock import SHANGHAI, Clock
from server.households.schemas import household_id
from server.register import repository
from server.register.entries import Entry, entries
from server.register.errors import Unreadable, WrongArea
from server.register.header import find_header
from server.register.merging import Household, Merger
from server.register.observations import Level, Observation
from server.register.planning import Act, Plan, plan
from server.register.reading import read
from server.register.report import Report
from server.register.resolving import Resolver, Unresolved
from sync.store.contract import DocumentStore
from sync.store.database import Database

BATCH: Final = 1000
"""Households in one transaction: other writers wait no longer than this takes."""
DATABASE: Final = "areas"
"""The stored database of all households."""

_ACTS: Final = {Act.NEW: "新建", Act.CHANGED: "更新", Act.UNCHANGED: "不变", Act.ERASED: "不导入"}


@dataclass(frozen=True, slots=True)
class _Writing:
    store: DocumentStore
    by: str
    at: str
    dry_run: bool


def import_households(
    database: Database, store: DocumentStore, clock: Clock, file: Path, area: str, by: str, *, dry_run: bool = False
) -> Report:
    """Import the register ``file`` into ``area`` (the id of a community, a building or a door) as account ``by``.

    Buildings and doors that do not exist yet are created. Importing the same file again changes nothing; a row that
    changed updates what nobody has edited since. ``dry_run`` writes nothing and reports what would happen. A row that
    cannot be read is a line of the report and stops no other; what was committed before a crash stays, and the import
    can simply be run again. Raises :class:`Unreadable` and :class:`WrongArea`. Call it outside an event loop.
    """
    report = Report(file.name, dry_run)
    found = list(_entries(file, report))
    resolver = database.read_now(lambda connection: _resolver(connection, area))
    households = _gather(found, resolver, report)
    report.areas = [each.name for each in resolver.created]
    writing = _Writing(store, by, clock.now().astimezone(SHANGHAI).isoformat(timespec="seconds"), dry_run)
    if dry_run:
        database.read_now(lambda connection: _check_new(connection, resolver.created))
    else:
        database.write_now(lambda connection: _add_areas(connection, resolver.created))
    for start in range(0, len(households), BATCH):
        _write(database, writing, households[start : start + BATCH], report)
    report.sort()
    return report


def _entries(file: Path, report: Report) -> Iterator[Entry]:
    sheets = read(file)
    headers = [(sheet, find_header(sheet.rows)) for sheet in sheets]
    usable = [(sheet, header) for sheet, header in headers if header is not None]
    if not usable:
        raise Unreadable(
            "没有找到表头，请在名册上方留一行列名，至少有“门牌”（或“楼号、单元、房号”）和“户主”或“电话”，再导入。"
        )
    for sheet, header in usable:
        name = sheet.name if len(usable) > 1 else ""
        for each in entries(sheet, header, name=name):
            if isinstance(each, Observation):
                report.refuse(each)
            else:
                yield each


def _resolver(connection: Connection, area: str) -> Resolver:
    top = areas.one(connection, area)
    if top is None:
        raise WrongArea(f"没有编号为“{area}”的网格，请检查 --area，或先建好这个社区。")
    above = areas.areas_of(connection, top.path[:-1])
    return Resolver(top, [above[id_] for id_ in top.path[:-1]], areas.subtree(connection, [top]))


def _gather(found: Sequence[Entry], resolver: Resolver, report: Report) -> list[Household]:
    resolver.expect(entry.place for entry in found)
    merger = Merger()
    estates: dict[str, str] = {}
    for entry in found:
        try:
            leaf = resolver.resolve(entry.place)
        except Unresolved as fault:
            report.refuse(Observation(Level.REFUSED, entry.row, fault.message, entry.column, entry.sheet))
            continue
        estate = entry.place.estate
        if estate and estates.setdefault(leaf.place.building, estate) != estate:
            report.mixed_estates.setdefault(leaf.place.building, entry.row)
        refusal = merger.add(leaf, entry)
        if refusal is not None:
            report.refuse(refusal)
    report.duplicates, report.members = merger.duplicates, merger.members
    return merger.finished()


def _check_new(connection: Connection, created: Sequence[Area]) -> None:
    taken = areas.areas_of(connection, (each.id for each in created))
    for each in created:
        if each.id in taken:
            raise WrongArea(
                f"要新建的“{each.name}”编号 {each.id} 已被“{taken[each.id].name}”占用，请管理员先建好它再导入。"
            )


def _add_areas(connection: Connection, created: Sequence[Area]) -> None:
    _check_new(connection, created)
    areas.add(connection, created)


def _write(database: Database, writing: _Writing, batch: Sequence[Household], report: Report) -> None:
    def job(connection: Connection) -> list[Plan]:
        return _write_batch(connection, writing, batch)

    plans = database.read_now(job) if writing.dry_run else database.write_now(job)
    for household, made in zip(batch, plans, strict=True):
        _tell(report, household, made)


def _write_batch(connection: Connection, writing: _Writing, batch: Sequence[Household]) -> list[Plan]:
    ids = [household_id(each.leaf.area.id, each.leaf.place.door) for each in batch]
    stored = writing.store.get_many_now(connection, DATABASE, ids)
    memories = repository.remembered(connection, ids)
    plans = []
    for id_, each in zip(ids, batch, strict=True):
        old = stored.get(id_)
        plans.append(
            plan(
                each,
                old.body if old else None,
                memories.get(id_, {}),
                deleted=old is not None and old.deleted,
                by=writing.by,
                at=writing.at,
            )
        )
    if not writing.dry_run:
        writing.store.load_now(
            connection,
            DATABASE,
            [
                (id_, made.body, each.leaf.area.id, each.leaf.area.path)
                for id_, each, made in zip(ids, batch, plans, strict=True)
                if made.body is not None
            ],
        )
        repository.remember(
            connection,
            {id_: made.memory for id_, made in zip(ids, plans, strict=True) if made.memory != memories.get(id_, {})},
        )
    return plans


def _tell(report: Report, household: Household, made: Plan) -> None:
    entry, address = household.entry, household.leaf.place.text
    if made.act is Act.ERASED:
        report.refuse(
            Observation(
                Level.REFUSED,
                entry.row,
                f"这一户（{address}）的资料已应要求删除，没有再导入；确要恢复，请在手机上重新登记",
                entry.column,
                entry.sheet,
            )
        )
    report.tally(made.act)
    report.remarks += entry.remark
    for fault in entry.partial:
        report.observe(fault)
    if made.kept:
        report.kept += len(made.kept)
        message = f"{'、'.join(made.kept)}（{address}）走访时改过，与名册不同，保留了走访的内容，请核对名册"
        report.observe(Observation(Level.NOTE, entry.row, message, None, entry.sheet))
    if report.dry_run:
        report.doors.append(f"第 {entry.row} 行 {address}：{_ACTS[made.act]}")
