"""What a client compares its copy with: the digest of a feed up to where it has read it, in all or bucket by bucket."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from sync.digest import MODULUS, bucket, share
from sync.errors import PullFirst, TooLarge
from sync.store.sql import changes
from sync.store.sql.databases import Opened
from sync.store.sql.run import EACH_ID, array, first
from sync.store.sql.run import rows as query
from sync.store.values import Compare, Digest

LATER: Final = 1_000
"""Changes that a client may be behind and still compare."""
LISTED: Final = 10_000
"""Documents that one answer lists."""
PAGE: Final = 5_000
"""Documents whose shares are added up at a time."""


def digest(connection: Connection, opened: Opened, ask: Compare) -> Digest:
    """Return what ``ask`` asks for. Raises ``PullFirst``, ``TooLarge``."""
    seq = opened.update_seq if ask.since is None else min(ask.since, opened.update_seq)
    later = _later(connection, opened, seq)
    changed = tuple(row.id for row in later)
    without = _without(connection, opened, ask.without, seq)
    if not ask.buckets:
        left_out = [row for row in (*later, *without) if not row.deleted]
        total = _kept(connection, opened) - sum(share(row.id, row.rev) for row in left_out)
        return Digest(seq, opened.live - len(left_out), total % MODULUS, changed)
    sums = [0] * ask.buckets
    counts = [0] * ask.buckets
    listed: list[tuple[str, str]] = []
    among, wanted = {row.id for row in without}, set(ask.listed)
    for id_, rev in _live(connection, opened, seq):
        if id_ in among:
            continue
        part = share(id_, rev)
        place = bucket(part, ask.buckets)
        sums[place] += part
        counts[place] += 1
        if place in wanted:
            listed.append((id_, rev))
            if len(listed) > LISTED:
                raise TooLarge(f"more than {LISTED} documents in these buckets: ask for fewer at a time")
    buckets = tuple((count, total % MODULUS) for count, total in zip(counts, sums, strict=True))
    return Digest(seq, sum(counts), sum(sums) % MODULUS, changed, buckets, tuple(listed))


def _kept(connection: Connection, opened: Opened) -> int:
    if opened.scope is None:
        return int(first(connection, "SELECT digest FROM sync_database WHERE n = ?", opened.n).digest)
    row = first(connection, "SELECT digest FROM sync_scope WHERE n = ?", opened.scope)
    return int(row.digest) if row else 0


def _later(connection: Connection, opened: Opened, seq: int) -> Sequence[Any]:
    if seq >= opened.update_seq:
        return ()
    column, source, where, key = changes.source(opened)
    found = query(
        connection,
        f"SELECT d.id, d.rev, d.deleted FROM {source} WHERE {where} AND {column} > ? ORDER BY {column} LIMIT ?",
        key,
        seq,
        LATER + 1,
    )
    if len(found) > LATER:
        raise PullFirst(f"more than {LATER} documents were changed since then: pull first")
    return found


def _without(connection: Connection, opened: Opened, ids: Sequence[str], seq: int) -> list[Any]:
    """Return those of the documents ``ids`` that are in the feed up to ``seq``."""
    if not ids:
        return []
    column, source, where, key = changes.source(opened)
    found = query(
        connection,
        f"SELECT d.id, d.rev, d.deleted, {column} AS place FROM {EACH_ID} {source} ON {where} AND d.id = w.value",
        array(set(ids)),
        key,
    )
    return [row for row in found if 0 < row.place <= seq]


def _live(connection: Connection, opened: Opened, seq: int) -> Iterator[tuple[str, str]]:
    """Yield the live documents of the feed up to ``seq`` with their winners."""
    column, source, where, key = changes.source(opened)
    last = 0
    while True:
        page = query(
            connection,
            f"SELECT d.id, d.rev, d.deleted, {column} AS place FROM {source} WHERE {where} "
            f"AND {column} > ? AND {column} <= ? ORDER BY {column} LIMIT ?",
            key,
            last,
            seq,
            PAGE,
        )
        yield from ((row.id, row.rev) for row in page if not row.deleted)
        if len(page) < PAGE:
            return
        last = page[-1].place
