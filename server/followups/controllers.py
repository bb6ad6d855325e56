"""``/api/followups``: what was promised, for those who promised and those who answer for the area."""

from datetime import date
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from sqlalchemy import Connection

from server.accounts.models import Account
from server.accounts.policy import Who
from server.clock import Clock, today
from server.followups import service
from server.followups.views import FollowupPage, State, rows
from sync.store.database import Database


class FollowupController(Controller):
    """Follow-ups."""

    path = "/api/followups"
    tags = ("回访",)

    @get(opt={"who": Who.ACCOUNT}, summary="回访")
    async def listing(
        self,
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
        account: NamedDependency[Account],
        wanted: Annotated[State | None, QueryParameter(name="state")] = None,
        to: Annotated[str | None, QueryParameter(max_length=32)] = None,
        area: Annotated[str | None, QueryParameter(max_length=64)] = None,
        due_until: Annotated[date | None, QueryParameter()] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
        cursor: Annotated[str, QueryParameter(max_length=100)] = "",
    ) -> FollowupPage:
        """Return follow-ups, the earliest due first. ``to=me``: mine. 403 for an area that is not mine."""
        query = service.Query(wanted, to, area, due_until, limit, cursor)

        def job(connection: Connection) -> FollowupPage:
            found, following = service.search(connection, account, query)
            return FollowupPage(items=rows(connection, found, today(clock)), next=following)

        return await database.read(job)
