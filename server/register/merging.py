"""The same door more than once in a register: rows that agree become one, rows that don't are reported (pure)."""

from dataclasses import dataclass, field
from typing import Final

from server.register.entries import Entry
from server.register.observations import Level, Observation
from server.register.resolving import Leaf

_COMPARED: Final = (("name", "户主"), ("phone", "电话"), ("people", "人数"))
_CROWD: Final = 30
"""Most people that a household document takes."""


@dataclass(slots=True)
class Household:
    """What a register says about one door."""

    leaf: Leaf
    entry: Entry
    rows: list[int] = field(default_factory=list)
    members: int = 0


class Merger:
    """Takes entries in the file's order; ``households`` then has each door once, by (area id, door)."""

    def __init__(self) -> None:
        self.households: Final[dict[tuple[str, str], Household]] = {}
        self.duplicates = 0
        self.members = 0

    def add(self, leaf: Leaf, entry: Entry) -> Observation | None:
        """Take one entry in. Returns why it is refused, when it contradicts an earlier one about the same door."""
        key = (leaf.area.id, leaf.place.door)
        known = self.households.get(key)
        if known is None:
            if entry.member:
                entry.name = entry.phone = None
            self.households[key] = Household(leaf, entry, [entry.row], int(entry.member))
            return None
        if entry.member or known.entry.member:
            _join(known, entry)
            self.members += 1
        else:
            refusal = _contradiction(known.entry, entry, known.leaf, leaf)
            if refusal is not None:
                return refusal
            self.duplicates += 1
        _fill(known.entry, entry)
        known.rows.append(entry.row)
        return None

    def finished(self) -> list[Household]:
        """Return the households. Where a register counts people by its rows, their number is the number of rows."""
        for household in self.households.values():
            if household.members and household.entry.people is None:
                household.entry.people = min(len(household.rows), _CROWD)
        return list(self.households.values())


def _join(known: Household, entry: Entry) -> None:
    """Put a family member's row into its household; the householder's own row may come after its members'."""
    if entry.member:
        entry.name = entry.phone = None
        known.members += 1
    elif known.entry.member:
        known.entry.member = False


def _contradiction(known: Entry, entry: Entry, known_leaf: Leaf, leaf: Leaf) -> Observation | None:
    differing = [label for field_, label in _COMPARED if _differ(getattr(known, field_), getattr(entry, field_))]
    if _differ(known_leaf.place.estate or None, leaf.place.estate or None):
        differing.append("小区名")
    if not differing:
        return None
    sheet = f"工作表“{known.sheet}”" if known.sheet != entry.sheet else ""
    message = (
        f"与{sheet}第 {known.row} 行是同一门牌（{leaf.place.text}），但{'、'.join(differing)}不同；"
        f"只导入了第 {known.row} 行，请核对后改正或删去其中一行"
    )
    return Observation(Level.REFUSED, entry.row, message, entry.column, entry.sheet)


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _fill(known: Entry, entry: Entry) -> None:
    known.name = known.name or entry.name
    known.phone = known.phone or entry.phone
    known.people = entry.people if known.people is None else known.people
    known.marks |= entry.marks
    known.remark |= entry.remark
    known.partial += entry.partial
