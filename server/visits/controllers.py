"""Visits for supervisors: the list, one visit, and the word on it."""

from datetime import date
from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy import Connection

from server.accounts.models import Account
from server.accounts.policy import Who
from server.clock import Clock, to_ms
from server.errors import BaijiamenError
from server.households import repository as households
from server.reviews import service as reviews
from server.visits import repository, service
from server.visits.schemas import Outcome
from server.visits.service import Detail, Query
from server.visits.views import (
    Approval,
    ApprovalResult,
    ApprovalResults,
    Approvals,
    Counts,
    Return,
    State,
    VisitDetail,
    VisitList,
    VisitRow,
    detailed,
    shown,
)
from sync.store import Store
from sync.store.database import Database

Text = Annotated[str, QueryParameter(max_length=64)]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Day = Annotated[date | None, QueryParameter()]


class VisitController(Controller):
    """``/api/visits``: the visits of the areas that I supervise."""

    path = "/api/visits"
    tags = ("走访审阅",)
    opt = {"who": Who.SUPERVISOR}  # noqa: RUF012  Litestar's own kind of attribute

    @get(summary="走访列表")
    async def listing(
        self,
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        area: Text = "",
        first: Annotated[date | None, QueryParameter(name="from")] = None,
        to: Day = None,
        outcome: FromQuery[Outcome | None] = None,
        wanted: Annotated[State | None, QueryParameter(name="state")] = None,
        by: Text = "",
        q: Text = "",
        limit: Limit = 50,
        cursor: Text = "",
    ) -> VisitList:
        """Return visits, the newest arrival first; ``q`` looks in address, resident's name, note and needs.

        403 when ``area`` is not mine. A page may be shorter than ``limit`` while ``next`` is not null: a rare filter
        over very many visits is answered in parts, each quickly.
        """
        query = Query(area, first, to, outcome, wanted, by or None, q, limit, cursor)

        def job(connection: Connection) -> VisitList:
            found = service.page(connection, account, query)
            rows = shown(connection, found.visits)
            return VisitList(items=rows, next=found.following, counts=Counts(**found.counts))

        return await database.read(job)

    @get("/{visit_id:str}", summary="一次走访")
    async def one(
        self,
        visit_id: FromPath[str],
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        store: NamedDependency[Store],
        clock: NamedDependency[Clock],
    ) -> VisitDetail:
        """Return a visit with its household in full and the household's history. Who looked is written down."""

        def job(connection: Connection) -> tuple[Detail, VisitDetail]:
            found = service.detail(connection, store, account, visit_id)
            return found, detailed(connection, found)

        found, answer = await database.read(job)
        await database.write(
            lambda c: households.looked(
                c,
                account=account.name,
                action="visit",
                subject=visit_id,
                household_id=found.visit.household,
                at_ms=to_ms(clock.now()),
            )
        )
        return answer

    @post("/{visit_id:str}/approve", status_code=200, summary="通过")
    async def approve(
        self,
        visit_id: FromPath[str],
        data: JSONBody[Approval],
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        store: NamedDependency[Store],
        clock: NamedDependency[Clock],
    ) -> VisitRow:
        """Approve the revision that was read; the visit is closed for changes. 409 when it has changed meanwhile."""
        return await database.write(
            lambda c: _say(c, store, clock, account, visit_id, data.rev, "approved"),
        )

    @post("/{visit_id:str}/return", status_code=200, summary="退回")
    async def give_back(
        self,
        visit_id: FromPath[str],
        data: JSONBody[Return],
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        store: NamedDependency[Store],
        clock: NamedDependency[Clock],
    ) -> VisitRow:
        """Return the visit with a sentence; its author is reminded, mends it, and it waits again. 409 as above."""
        return await database.write(
            lambda c: _say(c, store, clock, account, visit_id, data.rev, "returned", data.note),
        )

    @post("/approve", status_code=200, summary="批量通过")
    async def approve_many(
        self,
        data: JSONBody[Approvals],
        account: NamedDependency[Account],
        database: NamedDependency[Database],
        store: NamedDependency[Store],
        clock: NamedDependency[Clock],
    ) -> ApprovalResults:
        """Approve several; each has a result of its own, and one that cannot be approved stops no other."""

        def job(connection: Connection) -> ApprovalResults:
            results = []
            for item in data.items:
                try:
                    reviews.say(connection, store, clock, account, visit_id=item.id, rev=item.rev, state="approved")
                    results.append(ApprovalResult(id=item.id, ok=True))
                except BaijiamenError as error:  # raised before anything of this item was written
                    results.append(ApprovalResult(id=item.id, ok=False, detail=error.message))
            return ApprovalResults(items=results)

        return await database.write(job)


def _say(
    connection: Connection,
    store: Store,
    clock: Clock,
    account: Account,
    visit_id: str,
    rev: str,
    state: reviews.Word,
    note: str = "",
) -> VisitRow:
    reviews.say(connection, store, clock, account, visit_id=visit_id, rev=rev, state=state, note=note)
    return shown(connection, repository.rows(connection, [visit_id]))[0]
