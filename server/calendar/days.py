"""Which days people work on: pure functions of a date and of what an administrator has corrected.

The State Council publishes each year's holidays and swapped days (调休) in the autumn before it; the package
chinesecalendar carries what was published. For a year that is not published nobody knows: :class:`NotYetPublished`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

import chinese_calendar
from chinese_calendar import constants

from server.errors import BaijiamenError

_SATURDAY: Final = 5
_OCTOBER: Final = 10
_DAY: Final = timedelta(days=1)


class NotYetPublished(BaijiamenError):
    """``year`` has no published calendar, and the day is not one that an administrator has set."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(f"{year} 年的放假安排还没有收录。请管理员在「工作日」里补上，或等新版本发布后升级。")


class Source(StrEnum):
    """How we know about a day."""

    OVERRIDE = "override"
    PUBLISHED = "published"
    WEEKDAY = "weekday"
    """A guess by the day of the week, for a year that is not published."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day, whether people work on it, what it is called ("" for nothing special), and how we know."""

    day: date
    working: bool
    name: str
    source: Source


@dataclass(frozen=True, slots=True)
class Override:
    """What an administrator has said about a day."""

    working: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar with ``overrides``, which go before what was published.

    ``provisional`` counts the days of unpublished years by the day of the week instead of raising
    :class:`NotYetPublished`: for what must go on and may be a day off, such as who is told that something is late.
    """

    overrides: Mapping[date, Override] = field(default_factory=dict)
    provisional: bool = False

    def look_up(self, day: date) -> Day:
        """Return what is known about ``day``. Raises :class:`NotYetPublished`."""
        corrected = self.overrides.get(day)
        if corrected is not None:
            return Day(day, corrected.working, corrected.name, Source.OVERRIDE)
        if published(day.year):
            return Day(day, chinese_calendar.is_workday(day), _name(day), Source.PUBLISHED)
        if self.provisional:
            return Day(day, day.weekday() < _SATURDAY, "", Source.WEEKDAY)
        raise NotYetPublished(day.year)

    def is_working(self, day: date) -> bool:
        """Return whether people work on ``day``. Raises :class:`NotYetPublished`."""
        return self.look_up(day).working

    def next_working_day(self, day: date) -> date:
        """Return ``day`` if people work on it, else the first working day after it. Raises :class:`NotYetPublished`."""
        while not self.is_working(day):
            day += _DAY
        return day

    def shift(self, day: date, working_days: int) -> date:
        """Return the day that is ``working_days`` working days after ``day`` (before it, if negative).

        ``day`` itself does not count, so that 1 after a Friday and 1 after the Saturday that follows are both Monday.
        Raises :class:`NotYetPublished`.
        """
        step = _DAY if working_days >= 0 else -_DAY
        left = abs(working_days)
        while left:
            day += step
            left -= self.is_working(day)
        return day


@cache
def published(year: int) -> bool:
    """Return whether the calendar of ``year`` has been published and is known here."""
    return any(
        (day.year, day.month) == (year, _OCTOBER) for day in constants.holidays
    )  # National Day: every year has it


def special_days(year: int) -> dict[date, Override]:
    """Return what was published for ``year``: its holidays and swapped working days. Empty if not published."""
    told = {day: Override(working=False, name=_name(day)) for day in constants.holidays if day.year == year}
    return told | {day: Override(working=True, name=_name(day)) for day in constants.workdays if day.year == year}


def _name(day: date) -> str:
    english = constants.workdays.get(day) or constants.holidays.get(day)
    if not english:
        return ""
    name = _CHINESE.get(english, str(english))
    return f"{name}调休上班" if day in constants.workdays else name


_CHINESE: Final = {holiday.value: holiday.chinese for holiday in constants.Holiday}
