"""Quiet hours, whichever way they lie."""

import random
from datetime import time

import pytest

from server.reminders.settings import ReminderSettings
from server.reminders.times import Times
from tests.server.reminders.ground import at

NIGHT = Times(ReminderSettings())
SMALL_HOURS = Times(ReminderSettings(quiet_from=time(0, 0), quiet_until=time(7, 0)))


@pytest.mark.parametrize(
    ("moment", "quiet", "small"),
    [
        ("2026-11-24 20:59", False, False),
        ("2026-11-24 21:00", True, False),
        ("2026-11-25 00:00", True, True),
        ("2026-11-25 06:59", True, True),
        ("2026-11-25 07:59", True, False),
        ("2026-11-25 08:00", False, False),
    ],
)
def test_quiet_hours(moment: str, quiet: bool, small: bool) -> None:  # noqa: FBT001
    assert (NIGHT.is_quiet(at(moment)), SMALL_HOURS.is_quiet(at(moment))) == (quiet, small)


@pytest.mark.parametrize(
    ("moment", "moved"),
    [
        ("2026-11-24 12:00", "2026-11-24 12:00"),
        ("2026-11-24 22:00", "2026-11-25 08:30"),
        ("2026-11-25 03:00", "2026-11-25 08:30"),
    ],
)
def test_out_of_the_quiet_hours(moment: str, moved: str) -> None:
    assert NIGHT.out_of_quiet(at(moment)) == at(moved)


def test_waits_are_spread_and_bounded() -> None:
    now = at("2026-11-24 12:00")
    waits = [
        (NIGHT.retry(now, 20, retry_after=None, chance=random.Random(seed)) - now).total_seconds()
        for seed in range(200)
    ]
    assert 2880 <= min(waits) < 3000
    assert 4200 < max(waits) <= 4320
