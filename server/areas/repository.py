"""Every query on areas."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.sql import Select

from server.areas.models import Area, AreaKind
from server.areas.tables import area

CHUNK: Final = 500
"""Most ids in one statement."""
_ONE: Final = select(area).where(area.c.id == bindparam("wanted"))
"""Put together once: each request of a phone asks it, and that takes longer than the query does."""


def areas_of(connection: Connection, ids: Iterable[str]) -> dict[str, Area]:
    """Return the areas with these ``ids`` by id. Ids that are nobody's are not in the answer."""
    found: dict[str, Area] = {}
    for some in _chunks(ids):
        found.update((each.id, each) for each in _all(connection, select(area).where(area.c.id.in_(some))))
    return found


def one(connection: Connection, area_id: str) -> Area | None:
    """Return the area, or ``None``."""
    row = connection.execute(_ONE, {"wanted": area_id}).first()
    return None if row is None else _area(row)


def subtree(
    connection: Connection,
    tops: Iterable[Area],
    *,
    depth: int | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[Area]:
    """Return ``tops`` and all that is below them, each once, parents before children.

    ``depth`` leaves out what is more levels below its top; ``after`` begins behind that area's id; ``limit`` bounds how
    many.
    """
    ranges = [below(each) if depth is None else and_(below(each), _level <= len(each.path) + depth) for each in tops]
    if not ranges:
        return []
    return _all(connection, _after(select(area).where(or_(*ranges)).order_by(area.c.path).limit(limit), after))


def children(connection: Connection, parent: str | None) -> list[Area]:
    """Return the areas directly below ``parent`` (the roots for ``None``), in their order."""
    where = area.c.parent.is_(None) if parent is None else area.c.parent == parent
    return _all(connection, select(area).where(where).order_by(area.c.sort, area.c.id))


def page(connection: Connection, *, after: str = "", limit: int) -> list[Area]:
    """Return all areas by path, ``limit`` at a time: those whose stored path comes after that of area id ``after``."""
    return _all(connection, _after(select(area).order_by(area.c.path).limit(limit), after))


def count(connection: Connection) -> int:
    """Return how many areas there are."""
    return connection.scalar(select(func.count()).select_from(area)) or 0


def below(top: Area) -> ColumnElement[bool]:
    """Return the condition "in the subtree of ``top``, itself included": one range of the index on paths."""
    return in_subtree(area.c.path, top.path)


def in_subtree(column: ColumnElement[str], path: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the condition that the stored path ``column`` is at or below ``path``.

    A range, not LIKE: it uses the index whatever the collation settings. "0" is the character after "/".
    """
    start = path_text(path)
    return and_(column >= start, column < start[:-1] + "0")


def add(connection: Connection, rows: Iterable[Area]) -> None:
    """Insert areas, parents before children."""
    values = [_values(each) for each in rows]
    if values:
        connection.execute(insert(area), values)


def replace(connection: Connection, changed: Area) -> None:
    """Write the area's parent, kind, name, sort and path."""
    connection.execute(update(area).where(area.c.id == changed.id).values(_values(changed)))


def path_text(path: tuple[str, ...]) -> str:
    """Return a path as it is stored: ids between slashes, one at each end."""
    return "/" + "/".join(path) + "/"


_level: Final = func.length(area.c.path) - func.length(func.replace(area.c.path, "/", "")) - 1
"""How many ids a stored path has."""


def _after(query: Select[Any], area_id: str) -> Select[Any]:
    if not area_id:
        return query
    return query.where(area.c.path > select(area.c.path).where(area.c.id == area_id).scalar_subquery())


def _all(connection: Connection, query: Select[Any]) -> list[Area]:
    return [_area(row) for row in connection.execute(query)]


def _area(row: Row[Any]) -> Area:
    return Area(
        id=row.id,
        parent=row.parent,
        kind=AreaKind(row.kind),
        name=row.name,
        path=tuple(row.path.strip("/").split("/")),
        sort=row.sort,
    )


def _values(each: Area) -> dict[str, Any]:
    return {
        "id": each.id,
        "parent": each.parent,
        "kind": each.kind.value,
        "name": each.name,
        "sort": each.sort,
        "path": path_text(each.path),
    }


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]


def branching(connection: Connection, ids: Iterable[str]) -> frozenset[str]:
    """Return those of ``ids`` that have areas below them."""
    found: set[str] = set()
    for some in _chunks(ids):
        query = select(area.c.parent).where(area.c.parent.in_(some)).distinct()
        found.update(parent for parent in connection.scalars(query) if parent is not None)
    return frozenset(found)
