"""What the tests of reminders stand on: a database with a small district, a clock, and senders that obey."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from server.accounts import repository as accounts
from server.accounts.models import Grant, Role
from server.areas import repository as areas
from server.areas.models import Area, AreaKind
from server.channels import targets
from server.channels.outcome import Outcome, Parcel, Sent
from server.channels.targets import Address, Subscription
from server.clock import SHANGHAI, FixedClock, to_ms
from server.database.tables import metadata
from server.followups import projection
from server.reminders import passes
from server.reminders.delivering import Deliverer
from server.reminders.models import Channel
from server.reminders.passes import Summary
from server.reminders.settings import ReminderSettings
from server.reminders.tables import delivery, reminder
from server.reminders.times import Times
from sync.access import Stored
from sync.store.database import Database

ULID = "01JD0000000000000000000000"


def at(text: str) -> datetime:
    """Return ``2026-11-24 08:30`` in Shanghai."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def followup(number: int, due: str | date, *, by: str = "visitor", rev: str = "1-a", **fields: Any) -> Stored:
    """Return a stored follow-up document."""
    body = {
        "type": "followup",
        "area": "d1",
        "household": f"household:d1:{number}",
        "due": str(due),
        "by": by,
        "at": "2026-11-20T09:00:00+08:00",
        "why": "送药后问候",
        "v": 1,
    }
    return Stored(f"followup:{ULID[:-4]}{number:04d}", rev, deleted=False, seq=number, body=body | fields)


def tombstone(of: Stored) -> Stored:
    return Stored(of.id, "9-f", deleted=True, seq=of.seq, body={})


@dataclass
class FakeSender:
    """Takes what it is given, or answers as it is told to."""

    answer: Callable[[Parcel], Outcome] = field(default=lambda _parcel: Sent())
    parcels: list[tuple[Parcel, object]] = field(default_factory=list)

    async def send(self, parcel: Parcel, target: object) -> Outcome:
        outcome = self.answer(parcel)
        self.parcels.append((parcel, target))
        return outcome


class Ground:
    """Area hp ⊃ c1 ⊃ d1, d2; visitors ``visitor`` and ``second``, supervisor ``boss`` of c1, ``chief`` of hp."""

    def __init__(self, folder: Path, now: str = "2026-11-22 10:00", **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = FixedClock(at(now))
        self.database = Database(f"sqlite:///{folder / 'test.db'}")
        self.database.write_now(metadata.create_all)
        self.times = Times(ReminderSettings(**settings))
        self.push, self.message = FakeSender(), FakeSender()
        self.database.write_now(self._district)

    def _district(self, c: Any) -> None:
        kinds = AreaKind
        areas.add(c, [Area("hp", None, kinds.DISTRICT, "区", ("hp",))])
        areas.add(c, [Area("c1", "hp", kinds.COMMUNITY, "社区", ("hp", "c1"))])
        areas.add(c, [Area(each, "c1", kinds.DOOR, each, ("hp", "c1", each)) for each in ("d1", "d2")])
        for name, role, area in (
            ("visitor", Role.VISITOR, "d1"),
            ("second", Role.VISITOR, "d1"),
            ("boss", Role.SUPERVISOR, "c1"),
            ("chief", Role.SUPERVISOR, "hp"),
        ):
            accounts.add(c, name=name, display_name=name, password_hash="x", admin=False, created_ms=0)
            accounts.add_grant(c, name, Grant(role, area), 0)

    def deliverer(self, worker: str = "w1", clock: FixedClock | None = None) -> Deliverer:
        senders = {Channel.WEB_PUSH: self.push, Channel.MESSAGE: self.message}
        return Deliverer(self.database, clock or self.clock, self.times, senders, worker)

    def device(self, account: str, name: str = "phone") -> str:
        made = Subscription(targets.id_of(account, name), account, f"https://push.example/{account}/{name}", "p", "a")
        self.database.write_now(lambda c: targets.subscribe(c, made, now_ms=0, most=10))
        return made.id

    def address(self, account: str) -> str:
        made = Address(f"a-{account}", account, "wecombot", "wecombot://abcdefgh", enabled=True, created_ms=0)
        self.database.write_now(lambda c: targets.add_address(c, made))
        return made.id

    def project(self, *changed: Stored) -> None:
        self.database.write_now(lambda c: projection.project(c, changed))

    async def run(self, moment: str | datetime | None = None, worker: str = "w1") -> Summary:
        """Set the clock (when a moment is given) and do one pass."""
        if moment is not None:
            self.clock.set(at(moment) if isinstance(moment, str) else moment)
        return await passes.run(self.deliverer(worker), self.clock.now())

    def reminders(self, **where: Any) -> list[Any]:
        query = select(reminder).order_by(reminder.c.account, reminder.c.kind, reminder.c.matter)
        for name, value in where.items():
            query = query.where(reminder.c[name] == value)
        return self.database.read_now(lambda c: list(c.execute(query)))

    def deliveries(self, **where: Any) -> list[Any]:
        query = select(delivery).order_by(delivery.c.id)
        for name, value in where.items():
            query = query.where(delivery.c[name] == value)
        return self.database.read_now(lambda c: list(c.execute(query)))

    def titles(self) -> list[str]:
        return [parcel.title for parcel, _target in self.push.parcels]

    def after(self, **by: float) -> datetime:
        self.clock.advance(timedelta(**by))
        return self.clock.now()

    def now_ms(self) -> int:
        return to_ms(self.clock.now())
