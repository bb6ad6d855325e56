"""What was run: one row for each job and scheduled time, so that nothing runs twice in however many processes."""

from sqlalchemy import Connection, delete, func, select, update

from server.database.upsert import insert_absent
from server.scheduling.tables import job_run


def begin(connection: Connection, job: str, scheduled_ms: int, *, holder: str, now_ms: int) -> bool:
    """Record that ``job`` runs for ``scheduled_ms``; ``False`` if it was recorded before, by whomever."""
    row = {"job": job, "scheduled_ms": scheduled_ms, "holder": holder, "started_ms": now_ms}
    return insert_absent(connection, job_run, row, ["job", "scheduled_ms"])


def end(connection: Connection, job: str, scheduled_ms: int, *, now_ms: int, outcome: str) -> None:
    """Record how the run ended: ``ok`` or ``failed``."""
    here = job_run.c.job == job, job_run.c.scheduled_ms == scheduled_ms
    connection.execute(update(job_run).where(*here).values(ended_ms=now_ms, outcome=outcome))


def end_all(connection: Connection, job: str, *, now_ms: int, outcome: str) -> None:
    """Record that every run of ``job`` has ended, those too that were killed."""
    here = job_run.c.job == job, job_run.c.ended_ms.is_(None)
    connection.execute(update(job_run).where(*here).values(ended_ms=now_ms, outcome=outcome))


def unfinished(connection: Connection, job: str) -> int | None:
    """Return when (ms) the last run of ``job`` began that has not ended; ``None`` when all have."""
    here = job_run.c.job == job, job_run.c.ended_ms.is_(None)
    began: int | None = connection.scalar(select(func.max(job_run.c.started_ms)).where(*here))
    return began


def is_recorded(connection: Connection, job: str, scheduled_ms: int) -> bool:
    """Return whether ``job`` was begun for ``scheduled_ms``."""
    here = job_run.c.job == job, job_run.c.scheduled_ms == scheduled_ms
    return connection.scalar(select(job_run.c.job).where(*here)) is not None


def erase(connection: Connection, before_ms: int) -> int:
    """Delete the records of runs that began before ``before_ms`` and ended; return how many."""
    old = job_run.c.started_ms < before_ms, job_run.c.ended_ms.is_not(None)
    return connection.execute(delete(job_run).where(*old)).rowcount
