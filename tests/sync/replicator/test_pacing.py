from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.replicator.pacing import LONGEST_WISH, Pacing, retry_after

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@given(st.integers(1, 10_000), st.floats(0, 0.999))
def test_waits_double_up_to_a_bound_and_never_vanish(attempt: int, chance: float) -> None:
    wait = Pacing(0.5, 60, lambda: chance).wait(attempt)
    bound = min(60, 0.5 * 2 ** min(attempt - 1, 20))
    assert bound / 2 <= wait <= bound


def test_not_before_the_peer_said() -> None:
    pace = Pacing(0.5, 60, lambda: 0.5)
    assert pace.wait(1, 30) >= 30
    assert pace.wait(1, 10**9) < LONGEST_WISH + 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("7", 7),
        (" 7 ", 7),
        ("-7", 0),
        ("soon", 0),
        ("Sun, 22 Nov 2026 08:01:00 GMT", 60),
        ("Sun, 22 Nov 2026 07:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 08:01:00", 0),
    ],
)
def test_retry_after(header: str | None, seconds: float) -> None:
    assert retry_after(header, NOW) == seconds
