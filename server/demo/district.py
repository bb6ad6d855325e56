"""The demo district's shape: areas, and who visits where. Pure arithmetic, so that a part is a part of the whole.

The figures are those of the district whose report the programme comes from: 6 streets, 64 communities, 216 buildings,
4,167 stairwells, 130,000 households, 2,700 of them in difficulty, 757 community workers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from server.areas.models import Area, AreaKind
from server.demo import names

COMMUNITIES: Final = 64
BUILDINGS: Final = 216
DOORS: Final = 4_167
HOUSEHOLDS: Final = 130_000
IN_DIFFICULTY: Final = 2_700
WORKERS: Final = 757

SMALL_BUILDINGS: Final = 3
SMALL_DOORS: Final = 4
"""The small demo has the first so many buildings of the first community, and the first so many doors of each."""

VISITOR: Final = "demo-visitor"
SUPERVISOR: Final = "demo-supervisor"
STREET: Final = "demo-street"
ADMIN: Final = "admin"

_OWN_DOORS: Final = 2
_OWN_DIFFICULTIES: Final = 3
"""The demo visitor has the first two doors, each with three households in difficulty, so that there is much to see."""

DISTRICT: Final = Area("hp", None, AreaKind.DISTRICT, "和平区（演示）", ("hp",))


@dataclass(frozen=True, slots=True)
class Door:
    """One stairwell: its area, how its address begins, how many households it has, and who visits them."""

    area: Area
    building: str
    unit: str
    households: int
    in_difficulty: int
    visitor: str
    supervisor: str


@dataclass(frozen=True, slots=True)
class Community:
    """One community. ``workers`` are account names; ``supervisor`` reads what they write."""

    number: int
    area: Area
    supervisor: str
    workers: tuple[str, ...]


def streets() -> list[Area]:
    """Return the six streets."""
    return [_child(DISTRICT, AreaKind.STREET, f"hp-{n}", name, n) for n, name in enumerate(names.STREETS, 1)]


def communities() -> list[Community]:
    """Return the communities, street by street."""
    made = []
    for street_number, street in enumerate(streets()):
        for number in _share(COMMUNITIES, len(names.STREETS), street_number):
            area = _child(
                street, AreaKind.COMMUNITY, f"{street.id}-{number + 1:02d}", names.community(number), number + 1
            )
            workers = tuple(f"w{number + 1:02d}{n:02d}" for n, _ in enumerate(_share(WORKERS, COMMUNITIES, number), 1))
            made.append(Community(number, area, SUPERVISOR if number == 0 else workers[0], workers))
    return made


def doors(community: Community, *, full: bool) -> Iterator[tuple[Area, list[Door]]]:
    """Yield each building of a community with its doors. Without ``full`` only the first community has any."""
    if not full and community.number:
        return
    buildings = _share(BUILDINGS, COMMUNITIES, community.number)
    for label, number in enumerate(buildings, 1):
        building = _child(community.area, AreaKind.BUILDING, f"{community.area.id}-{label}", f"{label}号楼", label)
        made = [
            _door(community, building, str(label), unit, door)
            for unit, door in enumerate(_share(DOORS, BUILDINGS, number), 1)
        ]
        if not full and label > SMALL_BUILDINGS:
            return
        yield building, made if full else made[:SMALL_DOORS]


def _door(community: Community, building: Area, label: str, unit: int, number: int) -> Door:
    """Make the door with this ``number`` in the district."""
    area = _child(building, AreaKind.DOOR, f"{building.id}-{unit}", f"{building.name}{unit}门", unit)
    if number < _OWN_DOORS:
        visitor, in_difficulty = VISITOR, _OWN_DIFFICULTIES
    else:
        others = IN_DIFFICULTY - _OWN_DOORS * _OWN_DIFFICULTIES
        in_difficulty = len(_share(others, DOORS - _OWN_DOORS, number - _OWN_DOORS))
        visitor = community.workers[number % len(community.workers)]
    return Door(
        area, label, str(unit), len(_share(HOUSEHOLDS, DOORS, number)), in_difficulty, visitor, community.supervisor
    )


def _share(total: int, parts: int, part: int) -> range:
    """Return the numbers of the things, out of ``total``, that fall to ``part`` when they are dealt out evenly."""
    return range(total * part // parts, total * (part + 1) // parts)


def _child(parent: Area, kind: AreaKind, id_: str, name: str, sort: int) -> Area:
    return Area(id_, parent.id, kind, name, (*parent.path, id_), sort)
