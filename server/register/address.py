"""Reading where a household lives out of the spellings that registers use (pure).

A place is estate, building, unit (楼门) and door. Registers write it in one column or in several, with any mark
between the parts or none; :func:`parse_address` reads one cell, :func:`place` joins the cells of one row.
"""

import re
from dataclasses import dataclass
from typing import Final

from server.register.text import Cell, digits, plain

_BUILDING: Final = r"第?(?P<building>0?\d{1,3}[A-Z]?|[A-Z]\d{0,3})"
_UNIT: Final = r"第?(?P<unit>0?\d{1,2}[A-Z]?|[A-Z])"
_NUMBER: Final = r"(?P<door>(?:负|-|地下)?0?\d{1,4}[A-Z]?(?:-\d{1,2})?|[A-Z]\d{1,4})"
_DOOR: Final = rf"(?:\d{{1,2}}层)?{_NUMBER}(?:号?[室户房]|房间|号)?"
_BUILDING_MARK: Final = r"(?:号楼|号[栋幢座]|#楼|#|[楼栋幢座号])"
_UNIT_MARK: Final = r"(?:号?单元|号?门[洞栋]?|号?梯)"
_ESTATE: Final = r"(?P<estate>|.*[^0-9A-Z第-])"

_SPELLINGS: Final = tuple(
    re.compile(spelling)
    for spelling in (
        rf"{_ESTATE}{_BUILDING}(?:{_BUILDING_MARK}-?|-){_UNIT}(?:{_UNIT_MARK}-?(?:\d{{1,2}}楼)?|-){_DOOR}",
        rf"{_ESTATE}{_BUILDING}(?:号楼|号[栋幢座]|#楼|#|[栋幢座])-?{_DOOR}",
        rf"{_UNIT}{_UNIT_MARK}-?(?:\d{{1,2}}楼)?{_DOOR}",
        rf"{_DOOR}",
        rf"{_ESTATE}(?P<lead>\d{{1,3}}[A-Z]?|[A-Z])[-楼]{_DOOR}",
    )
)
"""Tried in order; the first that fits the whole cell is how it is read."""

_SUBDIVIDED: Final = re.compile(r"(?P<lead>\d{1,2}[A-Z]?)-(?P<door>\d{1,4}[A-Z]?)")
"""Looks like a door with a number behind it (501-1), but is building or unit and door (3-501)."""
_FLOOR_DOOR: Final = re.compile(r"(?P<floor>\d{1,2})楼(?P<door>\d{3,4}[A-Z]?)[室户房号]?")
_MARKED_ESTATE: Final = re.compile(r"\d(?:号楼|单元|门|[栋幢座])")
_DIVISIONS: Final = re.compile(r"^(?:.{1,8}?市)?(?:.{1,6}?(?<![小社园])区)?(?:.{1,10}?街道)?(?:.{1,12}?社区)?")
_SEPARATORS: Final = re.compile(r"[/\\_.,、·|]+")
_GAPS: Final = re.compile(r"(?<=[0-9A-Z#]) (?=[0-9A-Z#])")
_ASIDE: Final = re.compile(r"\([^()]*\)")
_BUILDING_CELL: Final = re.compile(rf"{_ESTATE}{_BUILDING}{_BUILDING_MARK}?")
_UNIT_CELL: Final = re.compile(rf"{_UNIT}{_UNIT_MARK}?")
_UNIT_NAME: Final = re.compile(rf"(?<![0-9A-Z]){_UNIT}{_UNIT_MARK}?$")
_DEEPEST: Final = -5
"""No house goes deeper: B1203 is a door of block B, not of twelve floors under ground."""
_KEY: Final = re.compile(r"[0-9A-Za-z-]{1,16}")


@dataclass(frozen=True, slots=True)
class Address:
    """What one cell says. ``lead`` is a first number that may be the building or the unit: the 3 of ``3-501``."""

    estate: str = ""
    building: str = ""
    unit: str = ""
    door: str = ""
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a household lives. Labels carry no marks and no leading zeros: ``("", "3", "2", "501")``."""

    estate: str
    building: str
    unit: str
    door: str

    @property
    def text(self) -> str:
        """The address as people say it: ``3号楼2门501``."""
        building = f"{self.building}号楼" if self.building else ""
        unit = f"{self.unit}门" if self.unit else ""
        return f"{building}{unit}{self.door}"


class Disagreement(ValueError):
    """Two cells of a row name different buildings, units or doors; ``part`` says which in Chinese."""

    def __init__(self, part: str, one: str, other: str) -> None:
        super().__init__(f"{part} {one} ≠ {other}")
        self.part = part
        self.one = one
        self.other = other


def parse_address(cell: Cell) -> Address | None:
    """Return what an address or door cell says, or ``None`` if it cannot be read as one."""
    text = _spelling(cell)
    floor = _FLOOR_DOOR.fullmatch(text)
    if floor and str(floor_of(floor["door"])) == floor["floor"]:
        return Address(door=_label(floor["door"]))
    pair = _SUBDIVIDED.fullmatch(text)
    if pair:
        return Address(lead=_label(pair["lead"]), door=_label(pair["door"]))
    for spelling in _SPELLINGS:
        found = spelling.fullmatch(text)
        if found:
            return _address(found.groupdict())
    return None


def parse_building(cell: Cell) -> Address | None:
    """Return what a building cell says (``3号楼``, ``三栋``, ``A座``, ``3``), or ``None``."""
    found = _BUILDING_CELL.fullmatch(_spelling(cell))
    return _address(found.groupdict()) if found else None


def parse_unit(cell: Cell) -> Address | None:
    """Return what a unit cell says (``2门``, ``二单元``, ``2``), or ``None``."""
    found = _UNIT_CELL.fullmatch(_spelling(cell))
    return Address(unit=_label(found["unit"])) if found else None


def unit_of_name(name: str) -> str:
    """Return the unit that the name of an area ends in (``2门``, ``3号楼2门``), or ``""``."""
    found = _UNIT_NAME.search(_spelling(name))
    return _label(found["unit"]) if found else ""


def place(*cells: Address) -> Place:
    """Join what the cells of one row say. Parts that none names stay ``""``.

    Raises :class:`Disagreement` when two cells name different ones.
    """
    estate = max((cell.estate for cell in cells), key=len, default="")
    building = _agreed("楼号", [cell.building for cell in cells])
    unit = _agreed("单元", [cell.unit for cell in cells])
    door = _agreed("房号", [cell.door for cell in cells])
    for lead in (cell.lead for cell in cells if cell.lead):
        if not building or (unit and building == lead):
            building = lead
        elif not unit or unit == lead:
            unit = lead
        else:
            raise Disagreement("单元", unit, lead)
    return Place(estate, building, unit, door)


def floor_of(door: str) -> int | None:
    """Return the floor that a door number tells: 501 → 5, 1203 → 12, -101 or B101 → -1; ``None`` if it tells none."""
    found = re.match(r"(-|B)?[A-Z]?(\d{3,4})(?!\d)", door)
    if found is None:
        return None
    floor = int(found[2][:-2])
    if found[1]:
        floor = -floor
    return floor if floor and floor >= _DEEPEST else None


def _spelling(cell: Cell) -> str:
    text = _ASIDE.sub("", plain(cell)).strip().upper()
    if not text.isascii():
        text = digits(text)
    text = _SEPARATORS.sub("-", text)
    return _GAPS.sub("-", text).replace(" ", "")


def _address(parts: dict[str, str | None]) -> Address | None:
    estate = parts.get("estate") or ""
    door = _label((parts.get("door") or "").replace("负", "-").replace("地下", "-"))
    if _MARKED_ESTATE.search(estate) or (door and not _KEY.fullmatch(door)):
        return None
    return Address(
        estate=_DIVISIONS.sub("", estate),
        building=_label(parts.get("building") or ""),
        unit=_label(parts.get("unit") or ""),
        door=door,
        lead=_label(parts.get("lead") or ""),
    )


def _label(text: str) -> str:
    return re.sub(r"^(-?)0+(?=\d)", r"\1", text)


def _agreed(part: str, said: list[str]) -> str:
    named = [one for one in said if one]
    for other in named[1:]:
        if other != named[0]:
            raise Disagreement(part, named[0], other)
    return named[0] if named else ""
