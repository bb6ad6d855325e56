"""The published calendar of 2026, corrections, and years that are not published."""

from datetime import date

import pytest

from server.calendar.days import Calendar, NotYetPublished, Override, Source, published, special_days

CALENDAR = Calendar()


@pytest.mark.parametrize(
    ("day", "working", "name"),
    [
        ("2026-10-01", False, "国庆节"),
        ("2026-10-10", True, "国庆节调休上班"),  # a Saturday
        ("2026-02-28", True, "春节调休上班"),  # a Saturday
        ("2026-11-22", False, ""),  # a Sunday
        ("2026-11-23", True, ""),
    ],
)
def test_days_are_what_the_state_council_published(day: str, working: bool, name: str) -> None:  # noqa: FBT001
    found = CALENDAR.look_up(date.fromisoformat(day))
    assert (found.working, found.name, found.source) == (working, name, Source.PUBLISHED)


def test_the_next_working_day_after_a_holiday_is_past_all_of_it() -> None:
    assert CALENDAR.next_working_day(date(2026, 10, 1)) == date(2026, 10, 8)
    assert CALENDAR.next_working_day(date(2026, 10, 8)) == date(2026, 10, 8)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-27", 1, "2026-11-30"),
        ("2026-11-28", 1, "2026-11-30"),
        ("2026-11-27", 3, "2026-12-02"),
        ("2026-11-30", -1, "2026-11-27"),
        ("2026-11-28", 0, "2026-11-28"),
        ("2026-10-09", 1, "2026-10-10"),  # a Saturday that is worked
    ],
)
def test_working_days_are_counted_from_the_day_after(start: str, days: int, end: str) -> None:
    assert CALENDAR.shift(date.fromisoformat(start), days) == date.fromisoformat(end)


def test_a_correction_goes_before_what_was_published() -> None:
    corrected = Calendar({date(2026, 11, 23): Override(working=False, name="停电")})
    assert corrected.next_working_day(date(2026, 11, 23)) == date(2026, 11, 24)
    assert corrected.look_up(date(2026, 11, 23)).source is Source.OVERRIDE


def test_a_year_that_is_not_published_is_said_to_be_so() -> None:
    assert published(2026)
    assert not published(2030)
    assert special_days(2030) == {}
    with pytest.raises(NotYetPublished) as unknown:
        CALENDAR.is_working(date(2030, 1, 2))
    assert unknown.value.year == 2030
    assert "没有收录" in unknown.value.message


def test_a_corrected_day_of_an_unpublished_year_is_known() -> None:
    corrected = Calendar({date(2030, 1, 2): Override(working=True)})
    assert corrected.is_working(date(2030, 1, 2))


def test_provisionally_unpublished_years_go_by_the_day_of_the_week() -> None:
    provisional = Calendar(provisional=True)
    found = provisional.look_up(date(2030, 1, 5))
    assert (found.working, found.source) == (False, Source.WEEKDAY)
    assert provisional.shift(date(2030, 1, 4), 1) == date(2030, 1, 7)
