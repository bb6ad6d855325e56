"""From places to leaf areas: matched with those that exist by name and number, else planned anew (pure)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from server.areas.models import Area, AreaKind
from server.register.address import Place, parse_building, unit_of_name
from server.register.errors import WrongArea

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Unresolved(ValueError):
    """The place cannot be found an area for. ``message`` says how to mend the row."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where a household belongs: the leaf area, and the place with building and unit made whole from it."""

    area: Area
    place: Place


class Resolver:
    """Finds or plans the leaf areas below ``top``. ``created`` lists what must be inserted, parents first."""

    def __init__(self, top: Area, above: Sequence[Area], below: Iterable[Area]) -> None:
        """``above`` are the ancestors of ``top``, ``below`` its subtree. Raises :class:`WrongArea`."""
        if top.kind in {AreaKind.DISTRICT, AreaKind.STREET}:
            raise WrongArea(f"“{top.name}”太大，名册要按社区导入，请用 --area 指定社区、楼或楼门的编号。")
        self.created: Final[list[Area]] = []
        self._top: Final = top
        self._building: Final = next((area for area in [*above, top] if area.kind is AreaKind.BUILDING), None)
        self._buildings: Final[dict[str, list[Area]]] = {}
        self._doors: Final[dict[tuple[str, str], Area]] = {}
        self._stairwells: Final[set[str]] = set()
        self._ids: Final[set[str]] = {top.id}
        for area in sorted(below, key=lambda area: len(area.path)):
            self._know(area)

    def expect(self, places: Iterable[Place]) -> None:
        """Look through a whole register first: a building that has units in any row has stairwells."""
        for place in places:
            if place.unit and self._top.kind is AreaKind.COMMUNITY:
                self._stairwells.add(place.building)
            elif place.unit and self._building:
                self._stairwells.add(_building_label(self._building))

    def resolve(self, place: Place) -> Leaf:
        """Return the leaf area of ``place``. Raises :class:`Unresolved`."""
        if self._top.kind is AreaKind.COMMUNITY:
            building = self._find_building(place)
        elif self._building is not None:
            building = self._building
            self._same_building(building, place)
        else:
            return Leaf(self._top, place)
        label = _building_label(building) or place.building
        if self._top.kind is AreaKind.DOOR:
            return Leaf(self._top, self._in_door(place, label))
        if not place.unit:
            if label in self._stairwells:
                raise Unresolved(f"{label}号楼有几个楼门，请在地址里写明是几门，如 {label}号楼2门{place.door}")
            return Leaf(building, Place(place.estate, label, "", place.door))
        return Leaf(self._find_door(building, place.unit), Place(place.estate, label, place.unit, place.door))

    def _know(self, area: Area) -> None:
        self._ids.add(area.id)
        if area.kind is AreaKind.BUILDING:
            self._buildings.setdefault(_building_label(area), []).append(area)
        elif area.kind is AreaKind.DOOR and area.parent is not None:
            self._doors.setdefault((area.parent, unit_of_name(area.name)), area)
            building = next(
                (each for some in self._buildings.values() for each in some if each.id == area.parent), None
            )
            if building is not None:
                self._stairwells.add(_building_label(building))

    def _find_building(self, place: Place) -> Area:
        if not place.building:
            raise Unresolved("没有楼号，请在地址里写上，如 3号楼2门501")
        found = self._buildings.get(place.building, [])
        if len(found) > 1:
            found = [each for each in found if place.estate and place.estate in each.name]
            if len(found) != 1:
                raise Unresolved(f"这个社区有几个{place.building}号楼，请在地址前写明是哪个小区的")
        return found[0] if found else self._create(self._top, AreaKind.BUILDING, place.building, "号楼")

    def _find_door(self, building: Area, unit: str) -> Area:
        return self._doors.get((building.id, unit)) or self._create(building, AreaKind.DOOR, unit, "门")

    def _create(self, parent: Area, kind: AreaKind, label: str, mark: str) -> Area:
        id_ = f"{parent.id}-{label.lower()}"
        if not _ID.fullmatch(id_) or id_ in self._ids:
            raise Unresolved(f"无法为“{label}{mark}”起编号（{id_} 已占用或太长），请管理员先建好这个{mark}再导入")
        number = re.match(r"\d+", label)
        name = f"{label}{mark}" if kind is AreaKind.BUILDING else f"{parent.name}{label}{mark}"
        area = Area(id_, parent.id, kind, name, (*parent.path, id_), int(number[0]) if number else 0)
        self.created.append(area)
        self._know(area)
        return area

    def _same_building(self, building: Area, place: Place) -> None:
        label = _building_label(building)
        if place.building and label and place.building != label:
            raise Unresolved(f"是{place.building}号楼的，不在所选的“{building.name}”里，请核对，或改用社区的编号导入")

    def _in_door(self, place: Place, label: str) -> Place:
        unit = unit_of_name(self._top.name)
        if place.unit and unit and place.unit != unit:
            raise Unresolved(f"是{place.unit}门的，不在所选的“{self._top.name}”里，请核对，或改用社区的编号导入")
        return Place(place.estate, label, unit or place.unit, place.door)


def _building_label(area: Area) -> str:
    said = parse_building(area.name)
    return said.building if said else ""
