"""``/api/reminders``: what I was told."""

from typing import Annotated, Literal

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy import Connection

from server.accounts.models import Account
from server.accounts.policy import Who
from server.clock import Clock, to_ms
from server.errors import NotFound
from server.reminders import repository
from server.reminders.views import ReminderList, views
from sync.store.database import Database


class ReminderController(Controller):
    """Reminders in the application."""

    path = "/api/reminders"
    tags = ("提醒",)

    @get(opt={"who": Who.ACCOUNT}, summary="我的提醒")
    async def listing(
        self,
        database: NamedDependency[Database],
        account: NamedDependency[Account],
        wanted: Annotated[Literal["unread", "all"], QueryParameter(name="state")] = "unread",
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    ) -> ReminderList:
        """Return what I was told, the newest first. Unread leaves out what was dealt with, and mere digests."""

        def job(connection: Connection) -> ReminderList:
            found = repository.of_account(connection, account.name, unread=wanted == "unread", limit=limit)
            return ReminderList(items=views(connection, account, found))

        return await database.read(job)

    @post("/{reminder_id:str}/read", opt={"who": Who.ACCOUNT}, status_code=204, summary="标为已读")
    async def read(
        self,
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
        account: NamedDependency[Account],
        reminder_id: FromPath[str],
    ) -> None:
        """Note that I have read it; with a digest, all that it told. 404 if it is not mine."""
        now_ms = to_ms(clock.now())
        if not await database.write(lambda c: repository.mark_read(c, account.name, reminder_id, now_ms)):
            raise NotFound
