from datetime import UTC, datetime
from typing import Any

import pytest

from sync.replicator.checkpoint import KEPT, Counts, Session, common, record

NOW = datetime(2013, 10, 10, 5, 56, 38, tzinfo=UTC)


def log(*sessions: tuple[str, Any, int]) -> dict[str, Any]:
    history = [{"session_id": id_, "recorded_seq": seq, "missing_checked": checked} for id_, seq, checked in sessions]
    return {"session_id": sessions[0][0], "source_last_seq": sessions[0][1], "history": history}


@pytest.mark.parametrize(
    ("source", "target", "since"),
    [
        ({}, {}, 0),
        (log(("a", "5-x", 5)), {}, 0),
        ({}, log(("a", "5-x", 5)), 0),
        (log(("a", "5-x", 5)), log(("a", "5-x", 5)), "5-x"),
        (log(("a", 5, 5)), log(("b", 7, 7)), 0),
        (log(("b", 9, 4), ("a", 5, 5)), log(("a", 5, 5)), 5),
        (log(("a", 5, 5)), log(("b", 9, 4), ("a", 5, 5)), 5),
        (log(("c", 12, 1), ("a", 5, 5)), log(("b", 9, 4), ("a", 5, 5)), 5),
        (log(("a", 9, 9)), log(("a", 5, 5)), 5),
        (log(("a", 5, 5)), log(("a", 9, 9)), 5),
    ],
    ids=[
        "none",
        "source only",
        "target only",
        "the same session",
        "strangers",
        "source is ahead",
        "target is ahead",
        "both parted",
        "target was restored in the middle of a session",
        "source was restored in the middle of a session",
    ],
)
def test_goes_on_where_both_sides_agree(source: dict[str, Any], target: dict[str, Any], since: object) -> None:
    assert common(source, target) == since


@pytest.mark.parametrize(
    "nonsense",
    [
        {"history": "x"},
        {"history": [1, {"session_id": 2}, {"session_id": "a"}]},
        {"history": [{"session_id": "a", "recorded_seq": {}}]},
        {"session_id": "a", "source_last_seq": None},
        {"session_id": "a", "source_last_seq": True},
    ],
)
def test_a_log_that_makes_no_sense_is_none(nonsense: dict[str, Any]) -> None:
    assert common(nonsense, log(("a", 5, 5))) == 0


def test_a_log_without_history_counts() -> None:
    """As those of clients that keep none."""
    assert common({"session_id": "a", "source_last_seq": 3}, log(("a", 3, 0))) == 3


def test_is_written_as_couchdb_does() -> None:
    counts = Counts(missing_checked=2, missing_found=2, docs_read=2, docs_written=2)
    told = record({}, Session("s", NOW, 3), "5-y", counts, NOW)
    assert told["session_id"] == "s"
    assert told["source_last_seq"] == "5-y"
    assert told["history"] == [
        {
            "session_id": "s",
            "start_time": "Thu, 10 Oct 2013 05:56:38 GMT",
            "end_time": "Thu, 10 Oct 2013 05:56:38 GMT",
            "start_last_seq": 3,
            "end_last_seq": "5-y",
            "recorded_seq": "5-y",
            "missing_checked": 2,
            "missing_found": 2,
            "docs_read": 2,
            "docs_written": 2,
            "doc_write_failures": 0,
            "bulk_get_docs": 0,
            "bulk_get_attempts": 0,
        }
    ]


def test_keeps_one_entry_for_each_session_and_not_all_sessions() -> None:
    told: dict[str, Any] = {}
    for n in range(70):
        for seq in (n, n + 0.5):
            told = record(told, Session(f"s{n}", NOW, 0), str(seq), Counts(), NOW)
    assert len(told["history"]) == KEPT
    assert [entry["session_id"] for entry in told["history"][:2]] == ["s69", "s68"]
    assert told["history"][0]["recorded_seq"] == "69.5"


def test_what_was_recorded_is_found_again() -> None:
    session = Session("s", NOW, 0)
    one, two = record({}, session, "5", Counts(), NOW), record(log(("old", 1, 1)), session, "5", Counts(), NOW)
    assert common(one, two) == "5"
