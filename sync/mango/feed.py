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


def page_now(store: DocumentStore, connection: Connection, view: View, ask: Ask, matches: Matcher) -> Page:
    """Return a page of changes whose winners ``matches``; a tombstone has ``_deleted``, as everywhere.

    It is what one page of the feed has of them, at most ``ask.limit``. ``pending`` counts also what will not match.
    """
    if ask.descending or ask.limit == 0:  # it cannot be read in pages
        page = store.changes_now(connection, view, replace(ask, limit=0 if ask.limit == 0 else None))
        kept = _kept(store, connection, view, page, matches)[: ask.limit]
        return Page(kept, kept[-1].seq if kept and ask.limit is not None else page.last_seq, page.pending)
    page = store.changes_now(connection, view, replace(ask, limit=READ))
    found = _kept(store, connection, view, page, matches)
    if ask.limit is None or len(found) < ask.limit:
        return Page(found, page.last_seq, page.pending)
    last = found[ask.limit - 1].seq
    after = sum(change.seq > last for change in page.changes)
    return Page(found[: ask.limit], last if after else page.last_seq, page.pending + after)


def _kept(store: DocumentStore, connection: Connection, view: View, page: Page, matches: Matcher) -> list[Change]:
    winners = store.winners_now(connection, view, [change.id for change in page.changes], PLAIN)
    return [c for c in page.changes if c.id in winners and matches(orjson.loads(winners[c.id].text))]
