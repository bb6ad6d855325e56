"""The read models together: brought up to date with each write. :mod:`server.rebuilding` makes them anew."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from server.clock import Clock
from server.documents.registry import type_of
from server.followups import projection as followups
from server.households import repository as households
from server.reviews import repository as reviews
from server.visits import projection as visits
from sync.access import Stored

DATABASE: Final = "areas"
"""The stored database that holds every area's documents."""


def project(connection: Connection, changed: Sequence[Stored], clock: Clock) -> None:
    """Bring every read model up to the winners ``changed``. Doing it again changes nothing."""
    by_type: dict[str, list[Stored]] = {}
    for each in changed:
        by_type.setdefault(type_of(each.id), []).append(each)
    households.project(connection, by_type.get("household", ()))
    reviews.project(connection, by_type.get("review", ()))
    visits.project(
        connection,
        visited=by_type.get("visit", ()),
        reviewed=by_type.get("review", ()),
        housed=by_type.get("household", ()),
        clock=clock,
    )
    followups.project(connection, by_type.get("followup", ()))
