"""From the rows of a sheet to entries: one household or family member each, and why a row is none (pure)."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, TypeVar

from server.register import values
from server.register.address import Address, Disagreement, Place, parse_address, parse_building, parse_unit, place
from server.register.header import Column, Header, Role
from server.register.observations import Level, Observation
from server.register.reading import Row, Sheet
from server.register.text import Cell, compact, plain

T = TypeVar("T")

_HEADS: Final = frozenset({"", "户主", "本人", "业主", "房主", "是"})
_FOOTER: Final = re.compile(r"(合计|总计|小计|共计|制表|填表|审核|[注说明备单位日期]{1,2}[:：]).*|共\d+户.*")
_NUMBER: Final = r"(\d{1,3}|[零〇一二三四五六七八九十]{1,4}|[A-Za-z])"
_SECTION: Final = re.compile(rf"(|.*[^0-9A-Za-z零〇一二三四五六七八九十]){_NUMBER}(号楼|号?[栋幢座])")
_TELLABLE: Final = re.compile(r"[^\d零〇一二三四五六七八九十百A-Za-z#号楼栋幢座单元门室户层负地下/., -]+|\d{7,}")
_LINE: Final = 30
_PLACE: Final = (Role.ADDRESS, Role.DOOR, Role.BUILDING, Role.UNIT)


@dataclass(slots=True)
class Entry:
    """What one row says. ``None`` and empty marks mean that it says nothing of that."""

    row: int
    sheet: str
    place: Place
    column: Column
    """The column that a complaint about the place belongs to."""
    name: str | None = None
    phone: str | None = None
    people: int | None = None
    marks: frozenset[str] = frozenset()
    member: bool = False
    """Whether the row is about a family member, not about the household."""
    remark: bool = False
    """Whether the remark says something beside difficulty marks."""
    partial: list[Observation] = field(default_factory=list)


class _Unplaced(Exception):
    def __init__(self, column: Column, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


def entries(sheet: Sheet, header: Header, *, name: str = "") -> Iterator[Entry | Observation]:
    """Yield what each row below the header says: an entry, or the observation why there is none.

    ``name`` is how the sheet is called in observations. Empty rows, repeated headers and totals yield nothing. A row
    that has only a building in it (and a sheet called 3号楼) gives the building of rows that name none themselves.
    """
    section = _section(sheet.name)
    for index, row in enumerate(sheet.rows[header.first :], header.first + 1):
        said = [compact(cell) for cell in row if cell not in {"", None}]
        said = [text for text in said if text]
        if not said or header.repeated_in(row):
            continue
        if len(set(said)) == 1 and (found := _section(said[0])):
            section = found
            continue
        if _FOOTER.fullmatch(said[0]):
            continue
        yield _entry(row, index, header, section, name)


def _entry(row: Row, index: int, header: Header, section: Address | None, sheet: str) -> Entry | Observation:
    try:
        where = _place(row, header, section)
    except _Unplaced as fault:
        return Observation(Level.REFUSED, index, fault.message, fault.column, sheet)
    entry = Entry(index, sheet, where, header.of(Role.ADDRESS, Role.DOOR)[0])
    entry.member = any(compact(_cell(row, column)) not in _HEADS for column in header.of(Role.RELATION))
    entry.name = _first(entry, row, header.of(Role.NAME), values.name)
    entry.people = _first(entry, row, header.of(Role.PEOPLE), values.people)
    number = _first(entry, row, header.of(Role.PHONE), values.phone)
    if number is not None:
        entry.phone = number.number
        if number.others:
            column = header.of(Role.PHONE)[0]
            entry.partial.append(Observation(Level.NOTE, index, "有几个号码，只导入了第一个", column, sheet))
    marks: set[str] = set()
    for column in header.of(Role.NOTE):
        cell = _cell(row, column)
        marks |= values.marks(cell)
        entry.remark |= values.says_more(cell)
    for column in header.of(Role.MARK):
        if values.is_marked(_cell(row, column), column.mark):
            marks.add(column.mark)
    entry.marks = frozenset(marks)
    return entry


def _first(
    entry: Entry, row: Row, columns: Sequence[Column], parse: Callable[[Cell], T | values.Faulty | None]
) -> T | None:
    """Return the first usable value among ``columns``; note those that are not, unless another one serves."""
    faults: list[Observation] = []
    for column in columns:
        value = parse(_cell(row, column))
        if isinstance(value, values.Faulty):
            faults.append(Observation(Level.PARTIAL, entry.row, value.message, column, entry.sheet))
        elif value is not None:
            return value
    entry.partial += faults
    return None


def _place(row: Row, header: Header, section: Address | None) -> Place:
    doors = header.of(Role.ADDRESS, Role.DOOR)
    said: list[Address] = []
    unread: list[_Unplaced] = []
    for column in header.of(*_PLACE, Role.ESTATE):
        cell = _cell(row, column)
        if not compact(cell):
            continue
        address = _parse(column, cell)
        if isinstance(address, _Unplaced):
            unread.append(address)
        else:
            said.append(address)
    if unread and (unread[0].column not in doors or not any(address.door for address in said)):
        raise unread[0]
    if section and not any(address.building for address in said):
        said.append(section)
    try:
        where = place(*said)
    except Disagreement as found:
        message = f"{found.part}前后不一致（{found.one} 和 {found.other}），请核对后改成一样"
        raise _Unplaced(doors[0], message) from found
    if not where.door:
        raise _Unplaced(doors[0], "没有门牌号，请填上，如 3号楼2门501")
    return where


def _parse(column: Column, cell: Cell) -> Address | _Unplaced:
    if isinstance(cell, (date, datetime, time, timedelta)):
        return _Unplaced(column, "被 Excel 变成了日期，请把这一列设为“文本”格式后重填，如 3-2-501")
    match column.role:
        case Role.ESTATE:
            return Address(estate=compact(cell))
        case Role.BUILDING:
            return parse_building(cell) or _Unplaced(column, f"看不懂“{_short(cell)}”，请只填楼号，如 3号楼")
        case Role.UNIT:
            return parse_unit(cell) or _Unplaced(column, f"看不懂“{_short(cell)}”，请只填单元或门，如 2门")
        case _:
            return parse_address(cell) or _Unplaced(column, f"看不懂“{_short(cell)}”，请改成“3号楼2门501”这样的写法")


def _section(text: str) -> Address | None:
    return parse_building(text) if _SECTION.fullmatch(text) else None


def _cell(row: Row, column: Column) -> Cell:
    return row[column.index] if column.index < len(row) else None


def _short(cell: Cell) -> str:
    """Return a place cell for the terminal: somebody's name or phone in the wrong column is not repeated there."""
    text = _TELLABLE.sub("…", plain(cell))
    return text if len(text) <= _LINE else f"{text[:_LINE]}…"
