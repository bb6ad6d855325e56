"""What to write for one household: compared with what is stored and with what the register said last time (pure).

The register owns a value only while nobody has touched it. What a person has changed since, at the door or at a desk,
is newer knowledge than a spreadsheet: it stays, and the report says so. A value that the register leaves empty says
nothing, so it erases nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from server.households.schemas import MARKS
from server.register.address import floor_of
from server.register.merging import Household
from server.register.pinyin import search_keys

OWNED: Final = {"name": "户主", "phone": "电话", "people": "人数", "marks": "困难情况"}
"""The fields that a register fills, and what users call them."""


class Act(StrEnum):
    """What happens to a household."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    ERASED = "erased"


@dataclass(slots=True)
class Plan:
    """The act, the document to store (``None``: nothing), and the digests to remember for next time."""

    act: Act
    body: dict[str, Any] | None = None
    memory: dict[str, str] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Labels of the values that a person has edited and the register now says otherwise again."""


def plan(
    household: Household,
    stored: Mapping[str, Any] | None,
    memory: Mapping[str, str],
    *,
    deleted: bool,
    by: str,
    at: str,
) -> Plan:
    """Return what to do. ``memory`` has the digests of what the register last said, by field; ``at`` is ISO 8601."""
    said = _said(household)
    if deleted:
        return Plan(Act.ERASED, memory=dict(memory))
    if stored is None:
        body = _fresh(household, said) | {"type": "household", "by": by, "at": at, "v": 1}
        return Plan(Act.NEW, body, {name: digest(value) for name, value in said.items()})
    result = Plan(Act.UNCHANGED, memory=dict(memory))
    body = dict(stored)
    for name, value in said.items():
        _settle(name, value, body, result)
    if result.changed:
        if "name" in result.changed:
            body["pinyin"] = search_keys(body["name"])
        result.act = Act.CHANGED
        result.body = body
    return result


def digest(value: Any) -> str:
    """Return a short fingerprint of a value: enough to see that it changed, too little to hold what it was."""
    return hashlib.blake2b(repr(value).encode(), digest_size=4).hexdigest()


def _settle(name: str, value: Any, body: dict[str, Any], result: Plan) -> None:
    now = body.get(name)
    before = result.memory.get(name)
    if _same(now, value):
        result.memory[name] = digest(value)
        return
    untouched = before == digest(_ordered(now)) if before is not None else not now and now != 0
    if untouched:
        body[name] = value
        result.memory[name] = digest(value)
        result.changed.append(name)
    elif before != digest(value):
        result.kept.append(OWNED[name])
        result.memory[name] = digest(value)  # said once; the same register again is no news


def _said(household: Household) -> dict[str, Any]:
    entry = household.entry
    values = {
        "name": entry.name,
        "phone": entry.phone,
        "people": entry.people,
        "marks": [mark for mark in MARKS if mark in entry.marks],
    }
    return {name: value for name, value in values.items() if value is not None and value != []}


def _fresh(household: Household, said: Mapping[str, Any]) -> dict[str, Any]:
    place = household.leaf.place
    body: dict[str, Any] = {"area": household.leaf.area.id, "door": place.door, "address": place.text}
    optional = {
        "building": place.building or None,
        "unit": place.unit or None,
        "floor": floor_of(place.door),
        "pinyin": search_keys(said["name"]) if "name" in said else None,
    }
    body |= {name: value for name, value in optional.items() if value is not None}
    return body | {"marks": []} | dict(said) | {"consent": "unknown", "no_visit": False, "source": "register"}


def _same(now: Any, value: Any) -> bool:
    return bool(_ordered(now) == value)


def _ordered(value: Any) -> Any:
    return [mark for mark in MARKS if mark in value] if isinstance(value, list) else value
