"""What the API gives about follow-ups. Times are ISO 8601 in Shanghai's zone, days are Shanghai's."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.areas import repository as areas
from server.clock import shanghai_text
from server.followups.repository import Followup

State = Literal["open", "done", "cancelled"]


class Named(BaseModel):
    """An area by id and name."""

    id: str
    name: str


class Person(BaseModel):
    """An account by log-in name, and the name to show."""

    name: str
    display_name: str


class FollowupRow(BaseModel):
    """A follow-up in a list. ``to`` promised to come; ``days_late`` is 0 while it is not due or no longer open."""

    id: str
    rev: str
    area: Named
    household: str
    visit: str | None
    due: date
    to: Person
    by: Person
    why: str
    state: State
    days_late: int
    done_at: str | None
    done_by_visit: str | None
    at: str


class FollowupPage(BaseModel):
    """A page of follow-ups; ``next`` is the cursor of the next one."""

    items: list[FollowupRow]
    next: str | None


def rows(connection: Connection, found: Sequence[Followup], today: date) -> list[FollowupRow]:
    """Return follow-ups as they are shown on the day ``today``."""
    names = accounts.display_names(connection, {name for each in found for name in (each.assignee, each.author)})
    places = areas.areas_of(connection, {each.area for each in found})

    def person(name: str) -> Person:
        return Person(name=name, display_name=names.get(name, name))

    return [
        FollowupRow(
            id=each.id,
            rev=each.rev,
            area=Named(id=each.area, name=places[each.area].name if each.area in places else each.area),
            household=each.household,
            visit=each.visit,
            due=each.due,
            to=person(each.assignee),
            by=person(each.author),
            why=each.why,
            state=each.state,
            days_late=max(0, (today - each.due).days) if each.state == "open" else 0,
            done_at=None if each.done_ms is None else shanghai_text(each.done_ms),
            done_by_visit=each.done_by_visit,
            at=shanghai_text(each.at_ms),
        )
        for each in found
    ]
