"""What the API takes and gives about areas."""

from pydantic import BaseModel, ConfigDict, Field

from server.areas.models import Area, AreaKind


class NewArea(BaseModel):
    """An area to be added below ``parent`` (``null``: a root)."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=64)
    parent: str | None = Field(None, max_length=64)
    kind: AreaKind
    name: str = Field(max_length=80)
    sort: int = Field(0, ge=-1_000_000, le=1_000_000)


class AreaChange(BaseModel):
    """What of an area to change; what is left out stays. A new ``parent`` moves it with all that is below."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=80)
    sort: int | None = Field(None, ge=-1_000_000, le=1_000_000)
    parent: str | None = Field(None, max_length=64)


class AreaView(BaseModel):
    """An area. ``sort`` orders it among its siblings."""

    id: str
    parent: str | None
    kind: AreaKind
    name: str
    sort: int


class AreaPage(BaseModel):
    """Areas, parents before children; ``next`` is what to pass as ``after`` for more, ``null`` at the end."""

    areas: list[AreaView]
    next: str | None = None


def view(area: Area) -> AreaView:
    """Return the area as the API shows it."""
    return AreaView(id=area.id, parent=area.parent, kind=area.kind, name=area.name, sort=area.sort)
