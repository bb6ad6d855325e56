"""Queries at work: documents are read through in bounded pieces, each in a read of its own.

Without an index the order is that of ids, and reading ends with the last document that is wanted. With one, all
documents within the ids' bounds are read, the keys of those that match are put in order, and the wanted are read again.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from sync import collate
from sync.access import View
from sync.mango.fields import extract
from sync.mango.index import PREFIX, Index
from sync.mango.plan import MANY, MANY_READ, Plan
from sync.mango.query import NIL, Place, Query
from sync.matching import ASTRAY, MISSING, Matcher, at, matcher
from sync.selector import names
from sync.store.contract import DocumentStore
from sync.store.values import Range, Show

FIRST_IDS, MOST_IDS = 256, 16_384
"""Ids listed at once: few at first, because most queries want few documents."""
MOST_DOCUMENTS: Final = 256
MOST_BYTES: Final = 4 * 1024 * 1024
"""What is read of documents at once, about."""
KEPT: Final = 10_000
"""Keys kept beyond those that are wanted, before they are sorted and cut."""

Found = tuple[str, bytes, bytes]
"""A document's id, its key in the index, its text."""


class Search:
    """One query over what a view shows."""

    def __init__(self, store: DocumentStore, view: View, query: Query, plan: Plan) -> None:
        self._store = store
        self._view = view
        self._query = query
        self._plan = plan
        self._matches = matcher(query.selector)
        self._key = None if plan.index.special else _Key(plan.index)
        self._chunk = MOST_DOCUMENTS
        self._begun = time.perf_counter()
        self._examined = 0
        self._returned = 0
        self._place = query.place

    async def answer(self) -> AsyncGenerator[bytes, None]:
        """Yield the answer's text."""
        yield b'{"docs":['
        between = b"\n"
        async for found in self._found():
            for _, _, text in found:
                yield between + (extract(text, self._query.fields) if self._query.fields else text)
                between = b",\n"
        yield b"\n]," + orjson.dumps(self._tail())[1:] + b"\n"

    def _tail(self) -> dict[str, Any]:
        tail: dict[str, Any] = {"bookmark": NIL if self._place is None else self._place.bookmark()}
        if self._query.stats:
            tail["execution_stats"] = {
                "total_keys_examined": 0,
                "total_docs_examined": self._examined,
                "total_quorum_docs_examined": 0,
                "results_returned": self._returned,
                "execution_time_ms": round((time.perf_counter() - self._begun) * 1000, 3),
            }
        warnings = list(self._plan.warnings)
        if self._plan.index.special and self._examined > MANY * max(1, self._returned):
            warnings.append(MANY_READ)
        if warnings:
            tail["warning"] = "\n".join(warnings)
        return tail

    async def _found(self) -> AsyncIterator[list[Found]]:
        query = self._query
        if query.nothing or not query.limit:
            return
        skip, left = query.skip, query.limit
        async for found in self._by_id() if self._key is None else self._by_key():
            kept = found[skip : skip + left]
            skip = max(0, skip - len(found))
            if kept:
                self._place = Place(kept[-1][1], kept[-1][0])
                self._returned += len(kept)
                left -= len(kept)
                yield kept
            if not left:
                return

    async def _by_id(self) -> AsyncIterator[list[Found]]:
        after = None if self._query.place is None else self._query.place.id
        async for ids in self._ids(after):
            yield await self._read(ids)

    async def _by_key(self) -> AsyncIterator[list[Found]]:
        down, place = self._query.descending, self._query.place
        wanted = self._query.skip + self._query.limit
        here = None if place is None else (place.key, place.id)
        keys: list[tuple[bytes, str]] = []
        async for ids in self._ids(None):
            for id_, own, _ in await self._read(ids, texts=False):
                told = own, id_
                if here is None or (told < here if down else told > here):
                    keys.append(told)
            if len(keys) > wanted + KEPT:
                keys = sorted(keys, reverse=down)[:wanted]
        keys = sorted(keys, reverse=down)[:wanted]
        examined = self._examined
        for chunk in _cut([id_ for _, id_ in keys], lambda: self._chunk):
            yield await self._read(chunk)
        self._examined = examined  # reading again is not looking for more

    async def _ids(self, after: str | None) -> AsyncIterator[Sequence[str]]:
        """Yield the ids of documents in the order asked for, after ``after``, in pieces to be read at once."""
        down, span = self._query.descending, self._plan.span
        start, end = (span.high, span.low) if down else (span.low, span.high)
        if after is not None and (start is None or (after < start if down else after > start)):
            start = after
        amount = FIRST_IDS
        while True:
            wanted = Range(start=start, end=end, descending=down, limit=amount + 1, counted=False)
            found = [each.id for each in await self._list(wanted)]
            ids = [id_ for id_ in found if id_ != after and not id_.startswith(PREFIX)]
            for chunk in _cut(ids, lambda: self._chunk):
                yield chunk
            if len(found) <= amount:
                return
            start = after = found[-1]
            amount = min(MOST_IDS, amount * 4)

    async def _list(self, wanted: Range) -> Sequence[Any]:
        return (await self._store.database.read(lambda c: self._store.list_now(c, self._view, wanted, None)))[0]

    async def _read(self, ids: Sequence[str], *, texts: bool = True) -> list[Found]:
        """Return those of the documents that match, in the order of ``ids``. Parsing is done in the reading thread."""
        show = Show(conflicts=self._query.conflicts)

        def read(connection: Connection) -> tuple[int, int, list[Found]]:
            winners = self._store.winners_now(connection, self._view, ids, show)
            live = [winners[id_] for id_ in ids if id_ in winners and not winners[id_].deleted]
            found = []
            for each in live:
                document = orjson.loads(each.text)
                key = b"" if self._key is None else self._key.of(document)
                if key is not None and self._matches(document):
                    found.append((each.id, key, each.text if texts else b""))
            return len(live), sum(len(each.text) for each in live), found

        examined, length, found = await self._store.database.read(read)
        self._examined += examined
        if examined:
            self._chunk = max(1, min(MOST_DOCUMENTS, MOST_BYTES * examined // max(1, length)))
        return found


class _Key:
    """What a document sorts by in an index."""

    def __init__(self, index: Index) -> None:
        self._paths = [names(field) for field in index.fields]
        self._partial: Matcher | None = None if index.partial is None else matcher(index.partial)

    def of(self, document: Any) -> bytes | None:
        """Return the document's key, or ``None`` when it is not in the index."""
        if self._partial is not None and not self._partial(document):
            return None
        values = [at(document, path) for path in self._paths]
        if any(value is MISSING or value is ASTRAY for value in values):
            return None
        return b"".join(map(collate.key, values))


def _cut(ids: Sequence[str], amount: Callable[[], int]) -> Iterator[Sequence[str]]:
    start = 0
    while start < len(ids):
        chunk = ids[start : start + amount()]
        yield chunk
        start += len(chunk)
