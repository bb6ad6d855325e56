"""Change feeds that show only what a selector matches."""

from dataclasses import replace
from typing import Final

import orjson
from sqlalchemy import Connection

from sync.access import View
from sync.matching import Matcher
from sync.store.contract import DocumentStore
from sync.store.values import PLAIN, Ask, Change, Page

READ: Final = 500
"""Changes read at a time."""


def page_now(
    store: DocumentStore, connection: Connection, view: View, ask: Ask, matches: Matcher, *, whole: bool
) -> Page:
    """Return a page of changes whose winners ``matches``; a tombstone has ``_deleted``, as everywhere.

    One page of what there is, or with ``whole`` as many as are needed for ``ask.limit``. ``pending`` counts also what
    will not match.
    """
    if ask.descending or ask.limit == 0:  # it cannot be read in pages
        page = store.changes_now(connection, view, replace(ask, limit=0 if ask.limit == 0 else None))
        kept = _kept(store, connection, view, page, matches)[: ask.limit]
        return Page(kept, kept[-1].seq if kept and ask.limit is not None else page.last_seq, page.pending)
    found: list[Change] = []
    while True:
        page = store.changes_now(connection, view, replace(ask, limit=READ))
        found += _kept(store, connection, view, page, matches)
        if ask.limit is not None and len(found) >= ask.limit:
            last = found[ask.limit - 1].seq
            after = sum(change.seq > last for change in page.changes)
            if not after:
                last = page.last_seq
            return Page(found[: ask.limit], last, page.pending + after)
        if not whole or not page.pending:
            return Page(found, page.last_seq, page.pending)
        ask = replace(ask, since=page.last_seq)


def _kept(store: DocumentStore, connection: Connection, view: View, page: Page, matches: Matcher) -> list[Change]:
    winners = store.winners_now(connection, view, [change.id for change in page.changes], PLAIN)
    return [c for c in page.changes if c.id in winners and matches(orjson.loads(winners[c.id].text))]
