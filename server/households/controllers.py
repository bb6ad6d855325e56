"""Households: the trace of looks at them."""

import re
from typing import Literal

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from server.accounts.models import Account
from server.accounts.policy import Who
from server.areas import repository as areas
from server.areas.policy import may_read
from server.clock import Clock, to_ms
from server.errors import Forbidden, NotFound
from server.households import repository
from server.households.schemas import Household
from sync.store.database import Database

ID = re.compile(f"household:{Household.KEY}", re.ASCII)


class Look(BaseModel):
    """What of a household was uncovered."""

    model_config = ConfigDict(extra="forbid")

    field: Literal["phone", "name", "marks", "note", "all"]


class HouseholdController(Controller):
    """``/api/households``."""

    path = "/api/households"
    tags = ("住户",)

    @post("/{household_id:str}/looked", status_code=204, opt={"who": Who.ACCOUNT}, summary="记下一次查看")
    async def looked(
        self,
        household_id: FromPath[str],
        data: JSONBody[Look],
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
    ) -> None:
        """Write down that I uncovered a field of a household. 403 when its area is not mine."""

        def job(connection: Connection) -> None:
            if not ID.fullmatch(household_id):
                raise NotFound
            place = areas.one(connection, household_id.split(":")[1])
            if place is None or not may_read(account, place.path):  # before we look: no door can be guessed by asking
                raise Forbidden("这户不在您的网格里，不能查看。如需要，请联系管理员开通。")
            if repository.one(connection, household_id) is None:
                raise NotFound
            repository.looked(
                connection,
                account=account.name,
                action=data.field,
                subject=household_id,
                household_id=household_id,
                at_ms=to_ms(clock.now()),
            )

        await database.write(job)
