"""The read model of visits, kept up to the documents: rows, their state of review, and how many there are of each."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from server.clock import Clock, to_ms
from server.database.chunks import chunks
from server.database.upsert import upsert
from server.documents.fields import parse_instant
from server.households import repository as households
from server.reminders import service as reminders
from server.reviews import repository as reviews
from server.reviews.repository import Word
from server.visits.schemas import Visit
from server.visits.tables import arrival, visit, visit_count, visit_gone
from sync.access import Stored

KEPT: Final = ("id", "rev", "seq", "changed_seq", "area", "author", "household", "state")
"""What of a row must be known to tell what a write changes."""


def project(
    connection: Connection,
    *,
    visited: Sequence[Stored],
    reviewed: Sequence[Stored],
    housed: Sequence[Stored],
    clock: Clock | None,
) -> None:
    """Bring the rows up to the winners of visits, reviews and households (whose own rows are up to date already).

    ``clock`` dates the arrival of revisions not seen before; without one (a rebuild) arrivals stay as they are.
    """
    _renew_search(connection, [each.id for each in housed])
    touched = {each.id for each in visited} | {reviews.visit_of(each.id) for each in reviewed}
    before = _states(connection, touched)
    words = reviews.words(connection, touched)
    fresh = _rows(connection, visited, words)
    gone = [each.id for each in visited if each.id not in fresh]
    for some in chunks(gone):
        connection.execute(delete(visit).where(visit.c.id.in_(some)))
    upsert(connection, visit, fresh.values(), ("id",))
    _bury(connection, visited)
    spoken = {name: _state(row, words.get(name)) for name, row in before.items() if name not in fresh.keys() | gone}
    if spoken:
        connection.execute(
            update(visit).where(visit.c.id == bindparam("of")),
            [{"of": name, "state": state, "changed_seq": seq} for name, (state, seq) in spoken.items()],
        )
    _count(connection, before, fresh, spoken, set(gone))
    if clock is not None:
        _arrived(connection, fresh, to_ms(clock.now()))
        _remind(connection, before, fresh, spoken, words, to_ms(clock.now()))


def recount(connection: Connection) -> None:
    """Make the counters anew from the rows."""
    connection.execute(delete(visit_count))
    counted = select(visit.c.area, visit.c.state, func.count()).group_by(visit.c.area, visit.c.state)
    connection.execute(insert(visit_count).from_select(["area", "state", "visits"], counted))


def _state(row: Mapping[str, Any], word: Word | None) -> tuple[str, int]:
    if word is None:
        return "pending", row["seq"]
    return (word.state if word.visit_rev == row["rev"] else "pending"), max(row["seq"], word.seq)


def _states(connection: Connection, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for some in chunks(ids):
        query = select(*(visit.c[name] for name in KEPT)).where(visit.c.id.in_(some))
        found.update((row["id"], row) for row in map(dict, connection.execute(query).mappings()))
    return found


def _rows(connection: Connection, visited: Sequence[Stored], words: Mapping[str, Word]) -> dict[str, dict[str, Any]]:
    parsed = [(each, model) for each in visited if (model := _parsed(each)) is not None]
    housed = households.searched(connection, {model.household for _, model in parsed})
    rows: dict[str, dict[str, Any]] = {}
    for each, model in parsed:
        needs, note = json.dumps(model.needs, ensure_ascii=False), model.note or ""
        row = {
            "id": each.id,
            "rev": each.rev,
            "seq": each.seq,
            "area": model.area,
            "household": model.household,
            "author": model.by,
            "at_ms": to_ms(parse_instant(model.at)),
            "outcome": model.outcome,
            "needs": needs,
            "note": note,
            "card_left": model.card_left,
            "photos": json.dumps(model.photos),
            "followup": model.followup,
            "search": _search(housed.get(model.household, ""), note, needs),
        }
        row["state"], row["changed_seq"] = _state(row, words.get(each.id))
        rows[each.id] = row
    return rows


def _bury(connection: Connection, visited: Sequence[Stored]) -> None:
    for some in chunks(each.id for each in visited if not each.deleted):
        connection.execute(delete(visit_gone).where(visit_gone.c.visit.in_(some)))
    rows = [{"visit": each.id, "seq": each.seq, "area": each.scope_owner} for each in visited if each.deleted]
    upsert(connection, visit_gone, (row for row in rows if row["area"] is not None), ("visit",))


def _parsed(stored: Stored) -> Visit | None:
    if stored.deleted:
        return None
    try:
        return Visit.model_validate(dict(stored.body))
    except ValidationError:
        return None  # written past the rules, by an administrator: kept, and not listed


def _search(household: str, note: str, needs: str) -> str:
    return " ".join((household, note.lower(), *json.loads(needs.lower())))


def _renew_search(connection: Connection, ids: Sequence[str]) -> None:
    texts = households.searched(connection, ids)
    for some in chunks(ids):
        query = select(visit.c.id, visit.c.household, visit.c.note, visit.c.needs).where(visit.c.household.in_(some))
        renewed = [
            {"of": row.id, "search": _search(texts.get(row.household, ""), row.note, row.needs)}
            for row in connection.execute(query)
        ]
        if renewed:
            connection.execute(update(visit).where(visit.c.id == bindparam("of")), renewed)


def _count(
    connection: Connection,
    before: Mapping[str, Mapping[str, Any]],
    fresh: Mapping[str, Mapping[str, Any]],
    spoken: Mapping[str, tuple[str, int]],
    gone: set[str],
) -> None:
    change: Counter[tuple[str, str]] = Counter()
    for name, row in before.items():
        if name in fresh or name in gone or name in spoken:
            change[row["area"], row["state"]] -= 1
    for row in fresh.values():
        change[row["area"], row["state"]] += 1
    for name, (state, _) in spoken.items():
        change[before[name]["area"], state] += 1
    moved = {key: by for key, by in change.items() if by}
    if not moved:
        return
    held: dict[tuple[str, str], int] = {}
    for some in chunks(area for area, _ in moved):
        query = select(visit_count).where(visit_count.c.area.in_(some))
        held.update(((row.area, row.state), row.visits) for row in connection.execute(query))
    rows = [{"area": key[0], "state": key[1], "visits": held.get(key, 0) + by} for key, by in moved.items()]
    upsert(connection, visit_count, rows, ("area", "state"))
    if any(held.get(key, 0) + by <= 0 for key, by in moved.items()):
        connection.execute(delete(visit_count).where(visit_count.c.visits <= 0))


def _arrived(connection: Connection, fresh: Mapping[str, Mapping[str, Any]], now_ms: int) -> None:
    known: dict[str, str] = {}
    for some in chunks(fresh):
        query = select(arrival.c.visit, arrival.c.rev).where(arrival.c.visit.in_(some))
        known.update((row.visit, row.rev) for row in connection.execute(query))
    rows = [
        {"visit": name, "rev": row["rev"], "received_ms": now_ms}
        for name, row in fresh.items()
        if known.get(name) != row["rev"]
    ]
    upsert(connection, arrival, rows, ("visit",))


def _remind(
    connection: Connection,
    before: Mapping[str, Mapping[str, Any]],
    fresh: Mapping[str, Mapping[str, Any]],
    spoken: Mapping[str, tuple[str, int]],
    words: Mapping[str, Word],
    now_ms: int,
) -> None:
    """Remind the author of a visit that was returned; take that back when it is no more, however that came about."""
    now = {name: (row, row["state"], row["changed_seq"]) for name, row in fresh.items()}
    now |= {name: (before[name], *said) for name, said in spoken.items()}
    for name, (row, state, seq) in now.items():
        was = before.get(name)
        if state == "returned" and (was is None or (was["state"], was["changed_seq"]) != (state, seq)):
            reminders.visit_returned(
                connection,
                visit_id=name,
                review_rev=words[name].rev,
                author=row["author"],
                household=row["household"],
                at_ms=now_ms,
            )
    for name, was in before.items():
        if was["state"] == "returned" and (name not in now or now[name][1] != "returned"):
            reminders.visit_settled(connection, visit_id=name)
