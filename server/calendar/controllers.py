"""``/api/calendar``: the working days of a year, and an administrator's corrections."""

from datetime import date
from typing import Annotated

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from server.accounts.models import Account
from server.accounts.policy import Who
from server.calendar import repository
from server.calendar.days import Override
from server.calendar.schemas import DayChange, YearView, year_view
from server.clock import Clock, to_ms
from server.errors import NotFound
from sync.store.database import Database


class CalendarController(Controller):
    """Working days."""

    path = "/api/calendar"

    @get(opt={"who": Who.ACCOUNT})
    async def year(
        self,
        database: NamedDependency[Database],
        year: Annotated[int, QueryParameter(ge=2004, le=2100)],
    ) -> YearView:
        """Return the holidays and swapped days of ``year``, and whether it is published yet."""
        return year_view(year, await database.read(lambda c: repository.overrides(c, year=year)))

    @put("/{day:date}", opt={"who": Who.ADMIN})
    async def correct(
        self,
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
        account: NamedDependency[Account],
        day: FromPath[date],
        data: JSONBody[DayChange],
    ) -> YearView:
        """Say whether people work on ``day``; return its year."""
        said = Override(data.working, data.name.strip())
        at_ms = to_ms(clock.now())
        await database.write(lambda c: repository.put(c, day, said, account=account.name, at_ms=at_ms))
        return year_view(day.year, await database.read(lambda c: repository.overrides(c, year=day.year)))

    @delete("/{day:date}", opt={"who": Who.ADMIN})
    async def restore(self, database: NamedDependency[Database], day: FromPath[date]) -> None:
        """Take a correction back. 404 if there is none."""
        if not await database.write(lambda c: repository.remove(c, day)):
            raise NotFound("这一天没有改过，不用恢复。")
