"""What can be asked about follow-ups."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection

from server.accounts.models import Account, Role
from server.areas import repository as areas
from server.areas.policy import granted_areas, may_read
from server.errors import Forbidden, Invalid
from server.followups import repository
from server.followups.repository import Followup, Sight

MINE: Final = "me"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. ``to`` is an account's name or :data:`MINE`; ``due_until`` is a day in Shanghai, included."""

    state: str | None = None
    to: str | None = None
    area: str | None = None
    due_until: date | None = None
    limit: int = 50
    cursor: str = ""


def search(connection: Connection, account: Account, query: Query) -> tuple[list[Followup], str | None]:
    """Return follow-ups that ``account`` may see, the earliest due first, and where the next page begins.

    Supervisors see all of their areas, others what is to or by them in theirs. Raises :class:`Forbidden` for an area
    that is not the account's, :class:`Invalid` for a cursor that is none.
    """
    under = None
    if query.area:
        under = areas.one(connection, query.area)
        if under is None or not may_read(account, under.path):
            raise Forbidden
    found = repository.search(
        connection,
        _sight(connection, account),
        state=query.state,
        to=account.name if query.to == MINE else query.to,
        under=under,
        due_until=query.due_until,
        after=_after(query.cursor),
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    if len(found) <= query.limit:
        return page, None
    return page, f"{page[-1].due.isoformat()}~{page[-1].id}"


def _sight(connection: Connection, account: Account) -> Sight:
    supervised = areas.areas_of(connection, granted_areas(account, Role.SUPERVISOR))
    readable = areas.areas_of(connection, granted_areas(account))
    return Sight(account.name, list(supervised.values()), list(readable.values()), everything=account.admin)


def _after(cursor: str) -> tuple[str, str] | None:
    if not cursor:
        return None
    due, sign, last = cursor.partition("~")
    try:
        date.fromisoformat(due)
    except ValueError:
        sign = ""
    if not sign:
        raise Invalid("cursor", "翻页位置不对，请从第一页重新打开列表。")
    return due, last
