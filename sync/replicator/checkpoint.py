"""Checkpoints: both sides keep a log under the replication's id, and what both tell alike is where to go on.

The form is CouchDB's (chapter "CouchDB Replication Protocol", "Find Common Ancestry"): ``_local/<id>`` with
``session_id``, ``source_last_seq`` and ``history``, newest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

KEPT: Final = 50
"""Sessions of a history that are kept, as CouchDB does."""
VERSION: Final = 4
"""CouchDB's number for how a replication's id is made."""

Log = Mapping[str, Any]
"""A checkpoint document, without ``_id`` and ``_rev``; empty: none yet."""


@dataclass(slots=True)
class Counts:
    """What a session did, under CouchDB's names."""

    missing_checked: int = 0
    missing_found: int = 0
    docs_read: int = 0
    docs_written: int = 0
    doc_write_failures: int = 0
    bulk_get_docs: int = 0
    bulk_get_attempts: int = 0

    def add(self, other: "Counts") -> None:
        """Count what ``other`` counted too."""
        for name, number in asdict(other).items():
            setattr(self, name, getattr(self, name) + number)


@dataclass(frozen=True, slots=True)
class Session:
    """One run: its id, when it began, and the sequence from which it began."""

    id: str
    start_time: datetime
    start_seq: Any


def common(source: Log, target: Log) -> Any:
    """Return the sequence up to which both sides agree that everything was replicated; 0 when they agree on nothing.

    Where the same session is told of differently, the side that tells of less is believed: one of them may have been
    restored from a backup, and to compare revisions again costs little.
    """
    known: dict[str, tuple[Any, int]] = {}
    for entry in _entries(target):
        known.setdefault(entry[0], entry[1:])
    for session, seq, checked in _entries(source):
        if session in known:
            theirs, theirs_checked = known[session]
            return theirs if theirs_checked < checked else seq
    return 0


def _entries(log: Log) -> Sequence[tuple[str, Any, int]]:
    """Return ``(session, sequence, revisions checked)`` of each session of a log that makes sense, newest first."""
    history = log.get("history")
    found = [
        (entry["session_id"], entry["recorded_seq"], _number(entry.get("missing_checked")))
        for entry in (history if isinstance(history, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("session_id"), str) and _is_seq(entry.get("recorded_seq"))
    ]
    session, seq = log.get("session_id"), log.get("source_last_seq")
    if isinstance(session, str) and _is_seq(seq) and (not found or found[0][0] != session):
        found.insert(0, (session, seq, 0))
    return found


def _is_seq(value: Any) -> bool:
    return isinstance(value, str | list) or (type(value) is int)


def _number(value: Any) -> int:
    return value if type(value) is int else 0


def record(log: Log, session: Session, seq: Any, counts: Counts, now: datetime) -> dict[str, Any]:
    """Return ``log`` with ``session`` recorded up to ``seq``."""
    entry = {
        "session_id": session.id,
        "start_time": http_date(session.start_time),
        "end_time": http_date(now),
        "start_last_seq": session.start_seq,
        "end_last_seq": seq,
        "recorded_seq": seq,
        **asdict(counts),
    }
    history = log.get("history")
    before = [
        old
        for old in (history if isinstance(history, list) else [])
        if isinstance(old, dict) and old.get("session_id") != session.id
    ]
    return {
        "session_id": session.id,
        "source_last_seq": seq,
        "replication_id_version": VERSION,
        "history": [entry, *before][:KEPT],
    }


def http_date(moment: datetime) -> str:
    """Return a moment as checkpoints have it: ``Thu, 10 Oct 2013 05:56:38 GMT``."""
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment:%Y %H:%M:%S} GMT"
