"""From documents to rows: the follow-ups' read model, and with it, in the same transaction, their reminders."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from server.clock import to_ms
from server.documents.fields import parse_day, parse_instant
from server.followups import repository
from server.followups.repository import Followup
from server.reminders import planning
from sync.access import Stored

PREFIX: Final = "followup:"


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


def renew(connection: Connection, documents: Sequence[Stored], above: str, until: str) -> None:
    """Make the rows anew whose ids lie above ``above`` and up to ``until``: ``documents`` are all that lie there.

    Reminders are no read model (what was told cannot be derived): they are kept, and brought up to date.
    """
    read_ = {each.id: None if each.deleted else read(each) for each in documents}
    now = {name: row for name, row in read_.items() if row is not None}
    there = {*repository.between(connection, above, until), *planning.reminded_followups(connection, above, until)}
    gone = sorted(there - now.keys())
    repository.put(connection, now.values())
    repository.remove(connection, gone)
    planning.replan(
        connection, [*((name, None, row) for name, row in now.items()), *((each, None, None) for each in gone)]
    )


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
