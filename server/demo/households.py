"""The households behind one demo door (pure: the same door gives the same people)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from server.demo import names
from server.demo.district import Door
from server.households.schemas import MARKS, household_id
from server.register.pinyin import search_keys

Body = dict[str, Any]

_WIDTHS: Final = (2, 3, 4)
"""Doors on one landing."""
_VACANT, _DECLINES = 0.04, 0.01
_CONSENT: Final = ("yes",) * 14 + ("unknown",) * 5 + ("no",)
_PEOPLE: Final = (18, 30, 30, 14, 6, 2)
"""How common households of one, two, three … people are, in per cent."""


@dataclass(frozen=True, slots=True)
class Home:
    """One household: its document, and what decides how visits to it go."""

    id: str
    body: Body
    vacant: bool
    declines: bool
    in_difficulty: bool


def homes(door: Door, random: Random, registered: datetime) -> Iterator[Home]:
    """Yield the households of ``door``, from the lowest floor; ``registered`` is when the register was imported."""
    width = random.choice(_WIDTHS)
    in_difficulty = set(random.sample(range(door.households), door.in_difficulty))
    for number in range(door.households):
        floor, place = divmod(number, width)
        yield _home(door, random, registered, floor + 1, place + 1, difficult=number in in_difficulty)


def _home(door: Door, random: Random, registered: datetime, floor: int, place: int, *, difficult: bool) -> Home:
    vacant = not difficult and random.random() < _VACANT
    declines = not difficult and random.random() < _DECLINES
    number = f"{floor}{place:02d}"
    body: Body = {
        "type": "household",
        "area": door.area.id,
        "by": door.visitor,
        "at": registered.isoformat(timespec="seconds"),
        "v": 1,
        "building": door.building,
        "unit": door.unit,
        "floor": floor,
        "door": number,
        "address": f"{door.building}号楼{door.unit}门{number}",
        "marks": [],
        "consent": "unknown",
        "no_visit": declines,
        "source": "register",
    }
    if not vacant:
        body |= _people(random, difficult=difficult)
        if body["consent"] != "unknown":
            body["consent_at"] = body["at"]
    return Home(household_id(door.area.id, number), body, vacant, declines, difficult)


def _people(random: Random, *, difficult: bool) -> Body:
    name = names.person(random)
    marks = set(random.sample(list(MARKS), random.choice((1, 1, 2)))) if difficult else set()
    people = random.choices(range(1, len(_PEOPLE) + 1), _PEOPLE)[0]
    consent = random.choice(_CONSENT)
    phone = names.phone(random)
    known = {"name": name, "phone": phone, "pinyin": search_keys(name)} if consent != "no" else {}
    return known | {
        "people": 1 if "alone" in marks else people,
        "marks": [mark for mark in MARKS if mark in marks],
        "consent": consent,
    }
