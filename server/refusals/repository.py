"""Every query on the quarantine."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from server.database.chunks import chunks
from server.database.upsert import upsert
from server.documents.registry import type_of
from server.documents.validation import is_deep
from server.refusals.tables import refusal
from sync.access import Incoming

MOST: Final = 500
"""Most refusals kept for one account; beyond that the oldest go, settled ones first. The phone still has them all."""
MOST_BODY: Final = 256_000
"""Largest refused document that is kept whole, characters of JSON."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One document that waits to be mended, or did."""

    id: int
    account: str
    doc_id: str
    type: str
    reason: str
    at_ms: int
    state: str
    body: dict[str, Any]


def keep(connection: Connection, account: str, refused: Sequence[tuple[Incoming, str]], now_ms: int) -> None:
    """Put (revision, reason) pairs of ``account`` into quarantine; the same revision again only renews its reason."""
    if not refused:
        return
    rows = {(incoming.id, incoming.rev): _row(account, incoming, reason, now_ms) for incoming, reason in refused}
    upsert(connection, refusal, rows.values(), ("account", "doc_id", "rev"), ("reason", "at_ms"))
    _bound(connection, account)


def mend(connection: Connection, account: str, ids: Iterable[str]) -> None:
    """Mark what waits under these document ids as mended: ``account`` has had a revision of them accepted."""
    for some in chunks(ids):
        connection.execute(
            update(refusal)
            .where(refusal.c.account == account, refusal.c.state == "waiting", refusal.c.doc_id.in_(some))
            .values(state="mended")
        )


def waiting(connection: Connection, account: str) -> bool:
    """Return whether anything of ``account`` waits: nearly always nothing, which spares the writer a search."""
    query = select(refusal.c.id).where(refusal.c.account == account, refusal.c.state == "waiting").limit(1)
    return connection.execute(query).first() is not None


def listing(connection: Connection, account: str, *, limit: int = MOST) -> list[Refused]:
    """Return the refusals of ``account``, newest first."""
    query = select(refusal).where(refusal.c.account == account).order_by(refusal.c.id.desc()).limit(limit)
    return [
        Refused(row.id, row.account, row.doc_id, row.type, row.reason, row.at_ms, row.state, json.loads(row.body))
        for row in connection.execute(query)
    ]


def discard(connection: Connection, account: str, refusal_id: int) -> bool:
    """Mark a refusal of ``account`` as given up; return whether there is one. Doing it again changes nothing."""
    mine = (refusal.c.account == account) & (refusal.c.id == refusal_id)
    connection.execute(update(refusal).where(mine, refusal.c.state == "waiting").values(state="discarded"))
    return connection.execute(select(refusal.c.id).where(mine)).first() is not None


def _row(account: str, incoming: Incoming, reason: str, now_ms: int) -> dict[str, Any]:
    text = "{}" if is_deep(incoming.body) else json.dumps(dict(incoming.body), ensure_ascii=True)
    area = incoming.body.get("area")
    return {
        "account": account,
        "doc_id": incoming.id,
        "rev": incoming.rev,
        "type": type_of(incoming.id),
        "area": area if isinstance(area, str) else None,
        "reason": reason,
        "body": text if len(text) <= MOST_BODY else "{}",
        "at_ms": now_ms,
        "state": "waiting",
    }


def _bound(connection: Connection, account: str) -> None:
    many = connection.scalar(select(func.count()).select_from(refusal).where(refusal.c.account == account)) or 0
    if many > MOST:
        oldest = (
            select(refusal.c.id)
            .where(refusal.c.account == account)
            .order_by((refusal.c.state == "waiting").asc(), refusal.c.id)
            .limit(many - MOST)
        )
        connection.execute(delete(refusal).where(refusal.c.id.in_(oldest)))
