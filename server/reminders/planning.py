"""From follow-ups to reminders: which are to be, moved or taken back. Called in the transaction of the documents."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time

from sqlalchemy import Connection

from server.clock import SHANGHAI, to_ms
from server.followups.repository import Followup
from server.reminders import repository
from server.reminders.models import Kind, Plan, followup_matter


def replan(connection: Connection, changes: Sequence[tuple[str, Followup | None, Followup | None]]) -> None:
    """Bring reminders up to ``changes``: (follow-up id, as it was, as it is; ``None`` for "there is none")."""
    existing = repository.of_followups(connection, (each for each, _before, _now in changes))
    plans: list[Plan] = []
    settled: list[str] = []
    for followup, before, now in changes:
        there = existing.get(followup, [])
        if now is None or now.state != "open":
            settled += [each.id for each in there]
            continue
        plans.append(due_plan(now))
        matter = followup_matter(now.id, now.due)
        settled += [each.id for each in there if not _still(each, matter, before, now)]
        late = [each for each in there if each.kind == Kind.FOLLOWUP_LATE and _still(each, matter, before, now)]
        repository.reopen(connection, [each.id for each in late])
    repository.settle(connection, settled)
    repository.plan(connection, plans)


def due_plan(row: Followup) -> Plan:
    """Return the reminder of an open follow-up: from its day on, to the one who promised to come."""
    return Plan(
        matter=followup_matter(row.id, row.due),
        account=row.assignee,
        kind=Kind.FOLLOWUP_DUE,
        at_ms=to_ms(datetime.combine(row.due, time(), SHANGHAI)),
        area=row.area,
        household=row.household,
        followup=row.id,
        visit=row.visit,
        due=row.due.isoformat(),
    )


def late_plan(row: Followup, account: str, at: datetime) -> Plan:
    """Return the reminder that the follow-up is late, for its assignee or a supervisor ``account``."""
    return Plan(
        matter=followup_matter(row.id, row.due),
        account=account,
        kind=Kind.FOLLOWUP_LATE,
        at_ms=to_ms(at),
        area=row.area,
        household=row.household,
        followup=row.id,
        visit=row.visit,
        due=row.due.isoformat(),
    )


def reminded_followups(connection: Connection, above: str, until: str) -> Iterable[str]:
    """Return the follow-ups above ``above`` and up to ``until`` that have reminders which are not settled."""
    return repository.followups_with_reminders(connection, above, until)


def _still(each: repository.Reminded, matter: str, before: Followup | None, now: Followup) -> bool:
    """Return whether a reminder of the follow-up still holds: of the same day, and to one whom it still concerns."""
    if each.matter != matter:
        return False
    if each.kind == Kind.FOLLOWUP_DUE:
        return each.account == now.assignee
    return before is None or each.account != before.assignee or before.assignee == now.assignee
