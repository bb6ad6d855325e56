"""What can be done with areas. Plain functions of a connection and facts; the caller commits."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from server.accounts.models import Account
from server.areas import repository
from server.areas.models import Area, AreaKind
from server.areas.policy import granted_areas, may_read
from server.errors import Conflict, Forbidden, Invalid, NotFound

ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
NAME_MOST: Final = 80
ORDER: Final = tuple(AreaKind)
"""From the widest to the narrowest: an area's kind is narrower than its parent's."""


def add(connection: Connection, *, area_id: str, parent: str | None, kind: AreaKind, name: str, sort: int = 0) -> Area:
    """Add an area and return it. Raises :class:`Invalid`, and :class:`Conflict` for an id that is taken."""
    if not ID.fullmatch(area_id):
        raise Invalid("id", "区域编号应由小写字母、数字和 - 组成，以字母或数字开头，不超过 64 个字，如 d-0101。")
    if repository.one(connection, area_id) is not None:
        raise Conflict(f"区域编号「{area_id}」已经有了，请换一个。")
    above = _parent(connection, parent, kind)
    made = Area(area_id, parent, kind, _name(name), (*above, area_id), sort)
    repository.add(connection, [made])
    return made


def change(connection: Connection, area_id: str, *, name: str | None = None, sort: int | None = None) -> Area:
    """Set an area's name and order, where given; return it. Raises :class:`NotFound`, :class:`Invalid`."""
    found = _known(connection, area_id)
    changed = replace(
        found, name=found.name if name is None else _name(name), sort=found.sort if sort is None else sort
    )
    repository.replace(connection, changed)
    return changed


def move(connection: Connection, area_id: str, parent: str | None) -> list[Area]:
    """Hang an area, with all that is below it, under another parent; return the areas whose paths changed.

    What was written for these areas is still filed under the old ancestors: use :func:`server.areas.moving.move`, which
    looks at that.

    Raises :class:`NotFound`, and :class:`Invalid` when the new parent is inside the area or narrower than it.
    """
    top = _known(connection, area_id)
    above = _parent(connection, parent, top.kind)
    if area_id in above:
        raise Invalid("parent", "不能把区域移到它自己的下级里，请另选上级。")
    if parent == top.parent:
        return []
    moved = []
    for each in repository.subtree(connection, [top]):
        path = above + each.path[len(top.path) - 1 :]
        moved.append(replace(each, path=path, parent=parent if each.id == area_id else each.parent))
    for each in moved:
        repository.replace(connection, each)
    return moved


def visible(connection: Connection, account: Account, *, limit: int, after: str = "") -> tuple[list[Area], str | None]:
    """Return what ``account`` may see of the tree, a page at a time, and where the next page begins.

    That is the subtree of each of its grants and, with the first page, their ancestors; for an administrator, all.
    """
    if account.admin:
        found = repository.page(connection, after=after, limit=limit + 1)
        return _cut(found, limit)
    granted = repository.areas_of(connection, granted_areas(account)).values()
    found = repository.subtree(connection, granted, after=after, limit=limit + 1)
    page, following = _cut(found, limit)
    if after:
        return page, following
    ancestors = {each for area in granted for each in area.path} - {each.id for each in page}
    return _by_path(repository.areas_of(connection, ancestors).values()) + page, following


def under(
    connection: Connection, account: Account, top: str, *, depth: int | None, limit: int, after: str = ""
) -> tuple[list[Area], str | None]:
    """Return what is below ``top``, ``depth`` levels of it, a page at a time.

    Raises :class:`Forbidden` when ``top`` is not in what was granted to ``account``, whether it exists or not.
    """
    found = repository.one(connection, top)
    if found is None or not may_read(account, found.path):
        raise NotFound if found is None and account.admin else Forbidden("这个区域不归您负责，请选择自己的区域。")
    areas = repository.subtree(connection, [found], depth=depth, after=after or top, limit=limit + 1)
    return _cut(areas, limit)


def _cut(found: list[Area], limit: int) -> tuple[list[Area], str | None]:
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def _by_path(areas: Iterable[Area]) -> list[Area]:
    return sorted(areas, key=lambda each: each.path)


def _known(connection: Connection, area_id: str) -> Area:
    found = repository.one(connection, area_id)
    if found is None:
        raise NotFound(f"没有编号为「{area_id}」的区域，请检查拼写。")
    return found


def _parent(connection: Connection, parent: str | None, kind: AreaKind) -> tuple[str, ...]:
    if parent is None:
        return ()
    found = repository.one(connection, parent)
    if found is None:
        raise Invalid("parent", f"没有编号为「{parent}」的上级区域，请检查拼写。")
    if ORDER.index(found.kind) >= ORDER.index(kind):
        raise Invalid("parent", "上级的级别应比本级大：区 → 街道 → 社区 → 楼栋 → 楼门。")
    return found.path


def _name(name: str) -> str:
    shown = name.strip()
    if not shown or len(shown) > NAME_MOST or not shown.isprintable():
        raise Invalid("name", f"请填写区域名称，不超过 {NAME_MOST} 个字。")
    return shown
