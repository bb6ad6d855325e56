"""The lease: of all processes that could run the jobs, one does.

It saves work and nothing more: what must not happen twice is safe without it (claims, records of runs). So a clock that
is wrong by seconds, or a process that was asleep and does not know that it lost the lease, does no harm.
"""

from sqlalchemy import Connection, delete, or_, update

from server.database.upsert import insert_absent
from server.scheduling.tables import lease


def acquire(connection: Connection, name: str, *, holder: str, now_ms: int, until_ms: int) -> bool:
    """Take the lease ``name`` until ``until_ms``, or keep it; ``False`` while another ``holder`` has it."""
    free = or_(lease.c.holder == holder, lease.c.until_ms <= now_ms)
    taken = update(lease).where(lease.c.name == name, free).values(holder=holder, until_ms=until_ms)
    if connection.execute(taken).rowcount:
        return True
    return insert_absent(connection, lease, {"name": name, "holder": holder, "until_ms": until_ms}, ["name"])


def give_up(connection: Connection, name: str, *, holder: str) -> None:
    """Let another have the lease at once, if ``holder`` has it."""
    connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))
