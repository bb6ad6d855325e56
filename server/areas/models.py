"""What an area is."""

from dataclasses import dataclass
from enum import StrEnum


class AreaKind(StrEnum):
    """The level of an area (级别), from the widest to the narrowest."""

    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    BUILDING = "building"
    DOOR = "door"


@dataclass(frozen=True, slots=True)
class Area:
    """An area. ``path`` has the ids from the root to the area itself; ``sort`` orders it among its siblings."""

    id: str
    parent: str | None
    kind: AreaKind
    name: str
    path: tuple[str, ...]
    sort: int = 0
