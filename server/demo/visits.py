"""A year of knocking at one demo door: visits, what was promised, what the supervisor said (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from server.clock import SHANGHAI
from server.demo import names
from server.demo.district import Door
from server.demo.households import Home
from server.documents.ulid import ulid

Body = dict[str, Any]
Document = tuple[str, Body]

DAYS: Final = 365
_ROUNDS: Final = range(6, 10)
"""Times a year that a visitor walks a stairwell; each time some of its doors."""
_SHARE_OF_ROUND: Final = 0.27
_RHYTHM: Final = range(24, 40)
"""Days between visits to a household in difficulty."""
_HOURS: Final = (9, 9, 9, 10, 10, 10, 11, 14, 14, 15, 15, 16, 16, 17, 18, 18, 18, 19, 19, 19)
_OUTCOMES: Final = ("met",) * 33 + ("no_answer",) * 12 + ("come_back",) * 3 + ("declined", "moved")
_PROMISED: Final = 0.11
_DUE_IN: Final = (3, 7, 7, 14, 30)
_FORGOTTEN: Final = 0.03
_LATELY: Final = timedelta(days=14)
"""What is older has been reviewed; what is younger mostly has not."""


@dataclass(frozen=True, slots=True)
class Review:
    """A supervisor's word, to be tied to the visit's revision once that is known."""

    visit: str
    body: Body


@dataclass(slots=True)
class Diary:
    """All that a year left behind at one door."""

    visits: list[Document] = field(default_factory=list)
    followups: list[Document] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)


class Diarist:
    """Writes the diary of one door; ``now`` is the aware moment at which the demo was first loaded."""

    def __init__(self, door: Door, random: Random, now: datetime) -> None:
        self._door: Final = door
        self._random: Final = random
        self._now: Final = now.astimezone(SHANGHAI).replace(microsecond=0)
        self.today: Final = self._now.date()
        self.diary: Final = Diary()

    def year(self, homes: Sequence[Home]) -> None:
        """Walk the stairwell for a year, and go to the households in difficulty more often."""
        random = self._random
        for _ in range(random.choice(_ROUNDS)):
            day = self.today - timedelta(days=random.randrange(1, DAYS))
            for home in homes:
                if not home.declines and random.random() < _SHARE_OF_ROUND:
                    self._knock(home, self._moment(day))
        for home in homes:
            if home.in_difficulty:
                for ago in _every(random, DAYS):
                    self._knock(
                        home, self._moment(self.today - timedelta(days=ago)), promise=random.random() < _PROMISED
                    )

    def visit(self, home: Home, at: datetime, outcome: str, *, note: str = "") -> Document:
        """Write down one visit and return it; it awaits review."""
        body = self._common("visit", at) | {"household": home.id, "outcome": outcome, "needs": [], "photos": []}
        met = outcome == "met"
        if met:
            body["needs"] = self._random.sample(names.NEEDS, self._random.choice((0, 0, 1, 1, 2)))
        note = note or (self._random.choice(names.MET) if met and self._random.random() < 0.6 else "")  # noqa: PLR2004
        if note:
            body["note"] = note
        body["card_left"] = met and self._random.random() < 0.4  # noqa: PLR2004
        visit = (f"visit:{self._ulid(at)}", body)
        self.diary.visits.append(visit)
        return visit

    def promise(self, visit: Document, due: date, why: str) -> Body:
        """Write down that somebody will come back by ``due``; return the follow-up, which is open."""
        id_, body = visit
        at = datetime.fromisoformat(body["at"])
        promised = self._common("followup", at) | {
            "household": body["household"],
            "visit": id_,
            "due": due.isoformat(),
            "to": self._door.visitor,
            "why": why,
            "state": "open",
        }
        body["followup"] = f"followup:{self._ulid(at)}"
        self.diary.followups.append((body["followup"], promised))
        return promised

    def review(self, visit: Document, at: datetime, note: str = "") -> None:
        """Have the supervisor approve the visit, or return it with a ``note``."""
        id_, _ = visit
        body = self._common("review", at) | {"by": self._door.supervisor, "visit": id_}
        body |= {"state": "returned", "note": note} if note else {"state": "approved"}
        self.diary.reviews.append(Review(id_, body))

    def at(self, days_ago: int, hour: int, minute: int = 0) -> datetime:
        """Return a moment of an earlier day in Shanghai."""
        return datetime.combine(self.today - timedelta(days=days_ago), time(hour, minute), SHANGHAI)

    def _knock(self, home: Home, at: datetime, *, promise: bool | None = None) -> Document:
        random = self._random
        outcome = "vacant" if home.vacant else random.choice(_OUTCOMES)
        visit = self.visit(home, at, outcome)
        self._look_over(visit, at)
        promise = (outcome == "met" and random.random() < _PROMISED) if promise is None else promise
        if promise and not home.vacant:
            self._keep(home, visit, at)
        return visit

    def _keep(self, home: Home, visit: Document, at: datetime) -> None:
        """Promise to come back, and if that day is past, do, except for what was forgotten."""
        random = self._random
        due = at.date() + timedelta(days=random.choice(_DUE_IN))
        promised = self.promise(visit, due, random.choice(names.WHY))
        if due >= self.today:
            return
        if random.random() < _FORGOTTEN:
            if due < self.today - _LATELY:
                promised["state"] = "cancelled"
            return
        came = self._moment(due)
        again = self.visit(home, came, "met")
        self._look_over(again, came)
        promised |= {"state": "done", "done_by_visit": again[0], "done_at": came.isoformat(timespec="seconds")}

    def _look_over(self, visit: Document, at: datetime) -> None:
        random = self._random
        late = self._now - at < _LATELY
        if random.random() < (0.7 if late else 0.005):
            return
        looked = min(at + timedelta(hours=random.randrange(2, 60)), self._now - timedelta(minutes=1))
        note = random.choice(names.RETURNED) if late and random.random() < 0.04 else ""  # noqa: PLR2004
        self.review(visit, max(looked, at), note)

    def _common(self, type_: str, at: datetime) -> Body:
        return {
            "type": type_,
            "area": self._door.area.id,
            "by": self._door.visitor,
            "at": at.isoformat(timespec="seconds"),
            "v": 1,
        }

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, time(self._random.choice(_HOURS), self._random.randrange(60)), SHANGHAI)

    def _ulid(self, at: datetime) -> str:
        return ulid(at, self._random.getrandbits(80))


def _every(random: Random, days: int) -> Iterator[int]:
    ago = random.randrange(1, _RHYTHM[-1])
    while ago < days:
        yield ago
        ago += random.choice(_RHYTHM)
