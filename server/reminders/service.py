"""What other nouns tell the reminders."""

from sqlalchemy import Connection

from server.reminders import repository
from server.reminders.models import Kind, Plan


def visit_returned(
    connection: Connection, *, visit_id: str, review_rev: str, author: str, household: str, at_ms: int
) -> None:
    """Remind ``author`` that the visit was returned, once for each review ``review_rev``. Call it with the review.

    It goes out within seconds, at night in the morning.
    """
    visit_settled(connection, visit_id=visit_id)
    made = Plan(
        matter=f"{visit_id}@{review_rev}",
        account=author,
        kind=Kind.VISIT_RETURNED,
        at_ms=at_ms,
        household=household,
        visit=visit_id,
    )
    repository.plan(connection, [made])


def visit_settled(connection: Connection, *, visit_id: str) -> None:
    """Take back that the visit was returned: it was mended, approved or deleted since."""
    repository.settle(connection, [each.id for each in repository.of_visit(connection, visit_id, Kind.VISIT_RETURNED)])
