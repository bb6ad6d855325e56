"""Every query on what registers said last."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select

from server.database.upsert import upsert
from server.register.tables import register_memory

CHUNK: Final = 500
"""Most ids in one statement."""


def remembered(connection: Connection, households: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return, by household id, the digests that were remembered; ids that no register named are not in the answer."""
    found: dict[str, dict[str, str]] = {}
    for some in _chunks(households):
        query = select(register_memory).where(register_memory.c.household.in_(some))
        found.update((row.household, json.loads(row.digests)) for row in connection.execute(query))
    return found


def remember(connection: Connection, memories: Mapping[str, Mapping[str, str]]) -> None:
    """Write down the digests of each household, by id."""
    rows = [{"household": id_, "digests": json.dumps(digests, sort_keys=True)} for id_, digests in memories.items()]
    upsert(connection, register_memory, rows, ["household"])


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
