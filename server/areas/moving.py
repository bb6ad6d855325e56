"""Moving an area with all that is below it.

A document is filed under the ancestors that its area had when it was written: those are the scopes whose phones and
supervisors get it. The store cannot file documents anew yet, so an area moves while nothing was written below it, and
not after: half moved, its records would go to people whose area it no longer is.
"""

from sqlalchemy import Connection

from server.areas import service
from server.areas.models import Area
from server.errors import Conflict
from sync.access import View
from sync.store import Store

AREAS = "areas"


def move(connection: Connection, store: Store, area_id: str, parent: str | None) -> list[Area]:
    """Hang the area under another parent; return the areas whose paths changed.

    Raises :class:`Conflict` when documents were written in it, and as :func:`server.areas.service.move` does.
    """
    moved = service.move(connection, area_id, parent)
    if moved:
        held = store.info_now(connection, View(area_id, AREAS, area_id))
        if held.live or held.deleted:
            raise Conflict(
                f"这个区域里已有 {held.live} 条记录，不能再移动。请在新的上级下另建区域，再给走访党员授权新区域。"
            )
    return moved
