"""From documents to rows: the follow-ups' read model, and with it, in the same transaction, their reminders."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from server.clock import to_ms
from server.documents.fields import parse_day, parse_instant
from server.followups import repository
from server.followups.repository import Followup
from server.reminders import planning
from sync.access import Stored

PREFIX: Final = "followup:"
BATCH: Final = 500


def project(connection: Connection, changed: Sequence[Stored]) -> None:
    """Bring follow-ups and reminders up to the winners ``changed``; documents of other types are passed over.

    A moved day moves the reminder, a follow-up that is done, cancelled or deleted takes it back. Doing it again
    changes nothing.
    """
    touched = [each for each in changed if each.id.startswith(PREFIX)]
    if not touched:
        return
    before = repository.by_ids(connection, (each.id for each in touched))
    now = {each.id: None if each.deleted else read(each) for each in touched}
    repository.put(connection, (row for row in now.values() if row is not None))
    repository.remove(connection, [each for each, row in now.items() if row is None and each in before])
    planning.replan(connection, [(each, before.get(each), row) for each, row in now.items()])


def rebuild(connection: Connection, documents: Iterable[Stored]) -> int:
    """Make the read model anew from all current ``documents``; return how many follow-ups there are.

    Reminders are no read model (what was told cannot be derived): they are kept, and brought up to date.
    """
    gone = set(planning.reminded_followups(connection))
    repository.clear(connection)
    count = 0
    for batch in _batches(each for each in documents if each.id.startswith(PREFIX) and not each.deleted):
        project(connection, batch)
        gone -= {each.id for each in batch}
        count += len(batch)
    planning.replan(connection, [(each, None, None) for each in sorted(gone)])
    return count


def read(stored: Stored) -> Followup | None:
    """Return the row for a stored document; ``None`` for one that no row can be made of (of another origin)."""
    body = stored.body
    try:
        due, at_ms = parse_day(body["due"]), to_ms(parse_instant(body["at"]))
        done = body.get("done_at")
        return Followup(
            id=stored.id,
            rev=stored.rev,
            seq=stored.seq,
            area=str(body["area"]),
            household=str(body["household"]),
            visit=body.get("visit"),
            due=due,
            assignee=str(body.get("to") or body["by"]),
            author=str(body["by"]),
            why=str(body.get("why") or ""),
            state=str(body.get("state", "open")),
            done_by_visit=body.get("done_by_visit"),
            done_ms=to_ms(parse_instant(done)) if done else None,
            at_ms=at_ms,
        )
    except (KeyError, TypeError, ValueError):
        return None  # an administrator's tool may write past the schema; a read model must not stop the store


def _batches(documents: Iterable[Stored]) -> Iterator[list[Stored]]:
    source = iter(documents)
    while batch := list(islice(source, BATCH)):
        yield batch
