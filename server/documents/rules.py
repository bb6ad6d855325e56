"""The rules of the stored database ``areas``: what may be written, and what the read models make of it."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from server.clock import Clock
from server.documents.case import Case, Facts
from server.documents.facts import areas_named, gather
from server.documents.judgement import judge
from server.documents.projection import DATABASE, project
from server.refusals import repository as refusals
from sync.access import Accept, Incoming, Principal, Refuse, Stored, Verdict, View

__all__ = ["DATABASE", "AreaRules"]


class AreaRules:
    """:class:`sync.access.Rules` for :data:`DATABASE`. What is refused goes into quarantine in the same transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock

    def check(
        self,
        connection: Connection,
        principal: Principal,
        view: View,
        incoming: Sequence[Incoming],
        stored: Mapping[str, Stored],
    ) -> Sequence[Verdict]:
        """Judge each revision. An accepted one settles what waits in quarantine under the same id and account."""
        facts = gather(connection, self._clock, principal, view, incoming, stored)
        verdicts = [_verdict(facts, principal, view, each, stored.get(each.id)) for each in incoming]
        told = list(zip(incoming, verdicts, strict=True))
        refused = [(each, verdict.reason) for each, verdict in told if isinstance(verdict, Refuse)]
        refusals.keep(connection, principal.name, refused, facts.now_ms)
        if refusals.waiting(connection, principal.name):
            refusals.mend(
                connection, principal.name, [each.id for each, verdict in told if isinstance(verdict, Accept)]
            )
        return verdicts

    def project(self, connection: Connection, changed: Sequence[Stored]) -> None:
        """Bring every read model up to the new winners."""
        project(connection, changed, self._clock)


def _verdict(facts: Facts, principal: Principal, view: View, incoming: Incoming, stored: Stored | None) -> Verdict:
    account = facts.accounts.get(principal.name)
    if account is None:
        return Refuse("「账号」(by)已停用或不存在：请联系管理员，记录仍保存在手机上")
    area = next((facts.areas[name] for name in areas_named(incoming, stored, view) if name in facts.areas), None)
    return judge(Case(facts, view, account, incoming, stored, area))
