"""What one batch of revisions needs to know, read with a number of queries that does not depend on its size."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.areas import repository as areas
from server.clock import Clock, to_ms
from server.documents.case import Facts
from server.documents.registry import pattern_of, type_of
from server.households import repository as households
from server.visits import repository as visits
from server.visits.policy import household_area
from sync.access import Incoming, Principal, Stored, View


def gather(
    connection: Connection,
    clock: Clock,
    principal: Principal,
    view: View,
    incoming: Sequence[Incoming],
    stored: Mapping[str, Stored],
) -> Facts:
    """Return the facts that judging ``incoming`` asks for."""
    wanted = {area for each in incoming for area in areas_named(each, stored.get(each.id), view)}
    known = areas.areas_of(connection, wanted)
    branching = areas.branching(connection, known)
    return Facts(
        now_ms=to_ms(clock.now()),
        areas=known,
        # Doors added below a building whose households were registered without them freeze none of its records.
        branching=branching - households.settled(connection, branching),
        accounts=accounts.find_many(connection, {principal.name, *_named_accounts(incoming)}),
        visits=visits.known(connection, set(_named_visits(incoming))),
    )


def areas_named(incoming: Incoming, stored: Stored | None, view: View) -> Iterator[str]:
    """Yield the ids of the areas that the revision may belong to, the likeliest first."""
    if incoming.deleted:
        if stored is not None and stored.scope_owner is not None:
            yield stored.scope_owner
        if type_of(incoming.id) == "household" and pattern_of("household").fullmatch(incoming.id):
            yield household_area(incoming.id)
            return  # a tombstone filed anywhere else would keep the door from ever being registered
    yield from _texts(incoming.body, "area")
    if incoming.deleted and view.scope is not None:
        yield view.scope


def _named_accounts(incoming: Sequence[Incoming]) -> Iterator[str]:
    for each in incoming:
        if type_of(each.id) == "followup":
            yield from _texts(each.body, "to")
        elif type_of(each.id) == "household":
            yield from _texts(each.body, "by")


def _named_visits(incoming: Sequence[Incoming]) -> Iterator[str]:
    for each in incoming:
        kind = type_of(each.id)
        if kind == "visit":
            yield each.id
        elif kind in {"review", "photo"}:
            yield from _texts(each.body, "visit")


def _texts(body: Mapping[str, Any], field: str) -> Iterator[str]:
    value = body.get(field)
    if isinstance(value, str):
        yield value
