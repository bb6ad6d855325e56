"""The tree of areas: for everybody their own part, for administrators all of it."""

from typing import Annotated

from litestar import Controller, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from sqlalchemy import Connection

from server.accounts.models import Account
from server.accounts.policy import ADMINS, Who
from server.areas import repository, service
from server.areas.models import Area
from server.areas.moving import move
from server.areas.schemas import AreaChange, AreaPage, AreaView, NewArea, view
from sync.store import Store
from sync.store.database import Database

Id = Annotated[str, QueryParameter(max_length=64)]
Depth = Annotated[int | None, QueryParameter(ge=0, le=8)]
Limit = Annotated[int, QueryParameter(ge=1, le=2000)]


class AreaController(Controller):
    """``/api/areas``: the areas that were granted to me."""

    path = "/api/areas"
    tags = ("区域",)

    @get(opt={"who": Who.ACCOUNT}, summary="我的区域")
    async def listing(
        self,
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        under: Id = "",
        depth: Depth = None,
        after: Id = "",
        limit: Limit = 2000,
    ) -> AreaPage:
        """Return the subtrees of all my grants with their ancestors; with ``under``, what is below that area.

        403 when ``under`` is not mine.
        """

        def job(connection: Connection) -> tuple[list[Area], str | None]:
            if under:
                return service.under(connection, account, under, depth=depth, limit=limit, after=after)
            return service.visible(connection, account, limit=limit, after=after)

        found, following = await database.read(job)
        return AreaPage(areas=[view(each) for each in found], next=following)


class AreaAdministration(Controller):
    """``/api/admin/areas``."""

    path = "/api/admin/areas"
    tags = ("管理",)
    opt = ADMINS

    @get(summary="所有区域")
    async def listing(self, database: NamedDependency[Database], after: Id = "", limit: Limit = 2000) -> AreaPage:
        """Return all areas, a page at a time."""
        found = await database.read(lambda c: repository.page(c, after=after, limit=limit + 1))
        return AreaPage(
            areas=[view(each) for each in found[:limit]], next=found[limit - 1].id if len(found) > limit else None
        )

    @post(status_code=201, summary="添加区域")
    async def add(self, data: JSONBody[NewArea], database: NamedDependency[Database]) -> AreaView:
        """Add an area. 409 when its id is taken."""

        def job(connection: Connection) -> Area:
            return service.add(
                connection, area_id=data.id, parent=data.parent, kind=data.kind, name=data.name, sort=data.sort
            )

        return view(await database.write(job))

    @patch("/{area_id:str}", summary="修改或移动区域")
    async def change(
        self,
        area_id: FromPath[str],
        data: JSONBody[AreaChange],
        database: NamedDependency[Database],
        store: NamedDependency[Store],
    ) -> AreaView:
        """Change what is given. An area moves with all that is below it; 409 once documents were written there."""

        def job(connection: Connection) -> Area:
            if "parent" in data.model_fields_set:
                move(connection, store, area_id, data.parent)
            return service.change(connection, area_id, name=data.name, sort=data.sort)

        return view(await database.write(job))
