"""Deliveries on their way: claimed in one transaction, sent outside of any, the result recorded in another.

A process that dies between sending and recording leaves its claim behind. When it runs out, the delivery is sent again
under the same key: that repetition, and only that one, cannot be avoided by anybody who sends.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from server.channels import targets
from server.channels.outcome import Gone, Later, Outcome, Parcel, Refused, Sender, Sent
from server.channels.targets import Address, Subscription
from server.clock import Clock, to_ms
from server.followups import repository as followups
from server.reminders import deliveries, repository
from server.reminders.content import compose
from server.reminders.deliveries import Claim
from server.reminders.models import Channel, Kind
from server.reminders.repository import Reminded
from server.reminders.times import Times
from sync.store.database import Database

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Load:
    """A claimed delivery with what to send, and to whom."""

    claim: Claim
    parcel: Parcel
    target: Subscription | Address


@dataclass(slots=True)
class Deliverer:
    """Sends what is due, as the process ``worker``. ``senders`` has the channels that leave the house."""

    database: Database
    clock: Clock
    times: Times
    senders: Mapping[Channel, Sender]
    worker: str
    chance: random.Random = field(default_factory=random.SystemRandom)
    stopping: bool = False

    async def deliver(self, at: datetime) -> int:
        """Send all that is due at ``at``; return how many deliveries were tried. In the quiet hours none is."""
        tried = 0
        while not self.stopping and (loads := await self.database.write(lambda c: self.claim(c, at))):
            await asyncio.gather(*(self._send(load, at) for load in loads))
            tried += len(loads)
        return tried

    def is_work(self, connection: Connection, at: datetime) -> bool:
        """Return whether :meth:`deliver` would find any. Reads only."""
        if self.times.is_quiet(at):
            return False
        return deliveries.is_waiting(connection, due_ms=to_ms(at), now_ms=to_ms(self.clock.now()))

    def claim(self, connection: Connection, at: datetime) -> list[Load]:
        """Claim some deliveries that are due at ``at``. Those that have nothing to tell or nowhere to go end here."""
        if self.times.is_quiet(at):
            return []
        now = self.clock.now()
        settings = self.times.settings
        loads: list[Load] = []
        while not loads:
            claims = deliveries.claim(
                connection,
                worker=self.worker,
                due_ms=to_ms(at),
                now_ms=to_ms(now),
                until_ms=to_ms(now + timedelta(seconds=settings.claim_seconds)),
                limit=settings.batch,
            )
            if not claims:
                break
            told = repository.told_by(connection, [each.reminder for each in claims])
            supervised = _supervised(connection, [one for each in told.values() for one in each])
            for each in claims:
                load = self._load(connection, each, told[each.reminder], supervised, to_ms(at))
                loads += [load] if load else []
        return loads

    def record(self, connection: Connection, load: Load, outcome: Outcome, at: datetime) -> None:
        """Write down what came of it."""
        now_ms = to_ms(at)
        match outcome:
            case Sent():
                deliveries.sent(connection, load.claim, now_ms)
            case Gone(error):
                deliveries.failed(connection, load.claim, now_ms, error)
                if load.claim.channel is Channel.WEB_PUSH:
                    targets.unsubscribe(connection, load.claim.target)
            case Refused(error):
                deliveries.failed(connection, load.claim, now_ms, error)
            case Later(error) if load.claim.attempts >= self.times.settings.attempts:
                deliveries.failed(connection, load.claim, now_ms, error)
            case Later(error, retry_after):
                next_try = self.times.retry(at, load.claim.attempts, retry_after=retry_after, chance=self.chance)
                deliveries.again(connection, load.claim, to_ms(next_try), error)

    async def _send(self, load: Load, at: datetime) -> None:
        outcome = await self.senders[load.claim.channel].send(load.parcel, load.target)
        await self.database.write(lambda c: self.record(c, load, outcome, at))
        if not isinstance(outcome, Sent):
            _log.info(
                "delivery_not_sent",
                delivery=load.claim.id,
                channel=load.claim.channel.value,
                attempts=load.claim.attempts,
                error=outcome.error,
            )

    def _load(
        self, connection: Connection, claim: Claim, told: list[Reminded], supervised: set[str], now_ms: int
    ) -> Load | None:
        text = compose(told, supervised)
        if text is None:
            deliveries.cancelled(connection, claim, now_ms)
            return None
        target = _target(connection, claim)
        if target is None or claim.channel not in self.senders:
            deliveries.failed(connection, claim, now_ms, "gone")
            return None
        if claim.attempts > self.times.settings.attempts:
            deliveries.failed(connection, claim, now_ms, "interrupted")
            return None
        kind = next((each.kind for each in told if each.id == claim.reminder), Kind.DIGEST)
        return Load(claim, Parcel(claim.reminder, kind, text.title, text.body, text.url), target)


def _target(connection: Connection, claim: Claim) -> Subscription | Address | None:
    if claim.channel is Channel.WEB_PUSH:
        return targets.subscription(connection, claim.target)
    return targets.one_address(connection, claim.target)


def _supervised(connection: Connection, told: list[Reminded]) -> set[str]:
    """Return the ids of those late reminders that went to somebody else than the one who promised."""
    late = [each for each in told if each.kind is Kind.FOLLOWUP_LATE and each.followup]
    promised = followups.by_ids(connection, [each.followup for each in late if each.followup])
    return {each.id for each in late if each.followup in promised and promised[each.followup].assignee != each.account}
