"""Finding the header of a sheet: which row it is, and what each column says (pure)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from server.register.text import Cell, compact
from server.register.values import mark_of

DEPTH: Final = 30
"""Rows from the top in which a header may stand; above it are titles and notes on how to fill in the form."""
_LONGEST: Final = 16
"""A longer text is a title, not the name of a column."""
_TELLING: Final = 2
"""Columns that must be recognised before a row is taken for a header."""


class Role(StrEnum):
    """What a column says about a household."""

    ADDRESS = "address"
    DOOR = "door"
    BUILDING = "building"
    UNIT = "unit"
    ESTATE = "estate"
    NAME = "name"
    PHONE = "phone"
    PEOPLE = "people"
    RELATION = "relation"
    NOTE = "note"
    MARK = "mark"


_NAMES: Final = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        (Role.RELATION, r"与?户主关系|与户主的?关系"),
        # never read, whatever stands in them: other people's columns, and what the service has no business to know
        (None, r".*(身份证|证件|证号|户籍|籍贯|民族|宗教|信仰|政治|党|信访|性别|年龄|出生|面积|产权).*"),
        (None, r".*(网格员|网格长|紧急|监护|子女|配偶|包联|物业|楼门长|楼长|填表|租户|单位|楼层).*"),
        (Role.PHONE, r".*(电话|手机|联系方式|联系号码).*"),
        (Role.PEOPLE, r".*(人数|人口数?|成员数|几口人)"),
        (Role.NAME, r"(家庭)?(户主|姓名|业主|居民|住户|房主|居住人)(姓名|名称?)?"),
        (Role.BUILDING, r"(所在)?(楼号?|楼栋号?|楼幢号?|楼宇号?|栋号?|幢号?|座号?|几号楼|楼座号?)"),
        (Role.UNIT, r"(所在)?(单元号?|门|门号|门栋号?|门洞号?|楼门号?|梯号?|单元[/、]?门号?|几门|几单元)"),
        (Role.DOOR, r"(房间?号?|室号?|房间|户室号?|房屋号|房室号?|户号)"),
        (Role.ADDRESS, r".*(地址|住址|门牌|坐落).*|楼门室|房屋信息|住所"),
        (Role.ESTATE, r"(所在)?(小区|小区名称?|楼院|院落|里巷)"),
    )
)
_REMARK: Final = re.compile(r".*(备注|情况|类别|类型|困难|说明|标签|关爱).*")
_DECORATION: Final = re.compile(r"\([^()]*\)|[*:：、.。\s]+$|^\*+|^\d{1,2}[.、]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read. ``header`` is its text as the user wrote it; ``mark`` is set for :attr:`Role.MARK`."""

    index: int
    header: str
    role: Role
    mark: str = ""

    @property
    def letter(self) -> str:
        """The column as Excel calls it: 0 → A, 26 → AA."""
        letters = ""
        left = self.index + 1
        while left:
            left, place = divmod(left - 1, 26)
            letters = chr(ord("A") + place) + letters
        return letters


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a sheet. ``first`` is the index of the first row below it."""

    first: int
    columns: tuple[Column, ...]

    def of(self, *roles: Role) -> tuple[Column, ...]:
        """Return the columns with any of ``roles``, from left to right."""
        return tuple(column for column in self.columns if column.role in roles)

    def repeated_in(self, row: Sequence[Cell]) -> bool:
        """Return whether ``row`` is the header again, as on each printed page."""
        alike = [column for column in self.columns if column.index < len(row)]
        return sum(compact(row[column.index]) == compact(column.header) for column in alike) >= _TELLING


def find_header(rows: Sequence[Sequence[Cell]]) -> Header | None:
    """Return the header among the first rows, or ``None`` if no row names a door and something else.

    A header of two rows (住址 over 楼号, 门, 房号) is read as one.
    """
    best: tuple[dict[int, Column], int] = ({}, 0)
    for top in range(min(DEPTH, len(rows))):
        columns, depth = _columns(rows[top]), 1
        second = _columns(rows[top + 1]) if top + 1 < len(rows) and len(_roles(columns)) >= _TELLING else {}
        if len(_roles(second)) >= _TELLING:
            columns, depth = columns | second, 2
        if len(_roles(columns)) > len(_roles(best[0])):
            best = columns, top + depth
    columns, first = best
    if len(_roles(columns)) < _TELLING:
        return None
    chosen = _one_door_number(columns)
    if not _roles(chosen) & {Role.ADDRESS, Role.DOOR}:
        return None
    return Header(first, tuple(chosen[index] for index in sorted(chosen)))


def _columns(row: Sequence[Cell]) -> dict[int, Column]:
    found: dict[int, Column] = {}
    for index, cell in enumerate(row):
        column = _column(index, cell) if isinstance(cell, str) and cell else None
        if column is not None:
            found[index] = column
    return found


def _column(index: int, cell: str) -> Column | None:
    text = _DECORATION.sub("", compact(cell))
    if not text or len(text) > _LONGEST:
        return None
    for role, name in _NAMES:
        if name.fullmatch(text):
            return Column(index, " ".join(cell.split()), role) if role else None
    mark = mark_of(text)
    if mark:
        return Column(index, " ".join(cell.split()), Role.MARK, mark)
    return Column(index, " ".join(cell.split()), Role.NOTE) if _REMARK.fullmatch(text) else None


def _roles(columns: Mapping[int, Column]) -> set[Role]:
    return {column.role for column in columns.values()}


def _one_door_number(columns: Mapping[int, Column]) -> dict[int, Column]:
    """Leave out 户号 where another column has the door: there it is the number of the household's booklet or meter."""
    places = [column for column in columns.values() if column.role in {Role.ADDRESS, Role.DOOR}]
    booklet = {column.index for column in places if compact(column.header).startswith("户号")}
    if len(booklet) == len(places):
        return dict(columns)
    return {index: column for index, column in columns.items() if index not in booklet}
