"""Which process runs which replication, and what the others may know of it.

A replication that runs twice does no harm, since every step of it may be repeated; it is only a waste. So a lease that
is sometimes late is good enough.
"""

import time
from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import Connection

from sync.store.sql.run import rows, run


def now_ms() -> int:
    """Return the time as leases have it."""
    return time.time_ns() // 1_000_000


def take(connection: Connection, id_: str, holder: str, shown: dict[str, Any], lease_ms: int) -> bool:
    """Take or keep the lease of a replication and leave word of it; ``False`` while another process has it.

    Who says nothing for ``lease_ms`` milliseconds has it no longer.
    """
    now = now_ms()
    return bool(
        run(
            connection,
            "INSERT INTO sync_replication (id, holder, until_ms, shown, cancelled) VALUES (?, ?, ?, ?, 0) "
            "ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms, "
            "shown = excluded.shown, cancelled = 0 "
            "WHERE sync_replication.holder = excluded.holder OR sync_replication.until_ms <= ?",
            id_,
            holder,
            now + lease_ms,
            orjson.dumps(shown).decode(),
            now,
        )
    )


def keep(
    connection: Connection, holder: str, shown: dict[str, dict[str, Any]], lease_ms: int
) -> tuple[set[str], set[str]]:
    """Keep the leases of these replications; return which are still ``holder``'s, and which somebody cancelled."""
    held = {
        row.id: row.cancelled
        for row in rows(connection, "SELECT id, cancelled FROM sync_replication WHERE holder = ?", holder)
    }
    for id_, told in shown.items():
        if id_ in held:
            run(
                connection,
                "UPDATE sync_replication SET until_ms = ?, shown = ? WHERE id = ? AND holder = ?",
                now_ms() + lease_ms,
                orjson.dumps(told).decode(),
                id_,
                holder,
            )
    return set(held), {id_ for id_, cancelled in held.items() if cancelled}


def give_up(connection: Connection, ids: Iterable[str], holder: str) -> None:
    """Let others have these at once."""
    for id_ in ids:
        run(connection, "DELETE FROM sync_replication WHERE id = ? AND holder = ?", id_, holder)


def cancel(connection: Connection, id_: str) -> bool:
    """Have whoever runs a replication end it; ``False`` when nobody does."""
    return bool(
        run(connection, "UPDATE sync_replication SET cancelled = 1 WHERE id = ? AND until_ms > ?", id_, now_ms())
    )


def others(connection: Connection, holder: str) -> list[dict[str, Any]]:
    """Return what other processes left word of, as long as their leases hold."""
    found = rows(
        connection,
        "SELECT shown FROM sync_replication WHERE holder <> ? AND until_ms > ? ORDER BY id",
        holder,
        now_ms(),
    )
    return [orjson.loads(row.shown) for row in found]
