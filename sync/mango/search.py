"""Queries at work: documents are read in bounded pieces, each in a read of its own, as far as they are wanted.

In the order of an index its rows are walked through, within the range that the selector leaves. Keys that are longer
than a row has are put in order by what the documents say, those that begin alike at a time. Without an index the order
is that of ids, and all documents are read through. Through an area it is so with an index too: its rows tell about all
areas, and nobody there shall make the server work through more than the area has.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from sync.access import View
from sync.mango.fields import extract
from sync.mango.index import PREFIX
from sync.mango.keeping import Keeper
from sync.mango.keys import KeyOf, signature
from sync.mango.plan import Plan
from sync.mango.query import NIL, Place, Query
from sync.matching import matcher
from sync.store.contract import DocumentStore
from sync.store.indexed import Keys
from sync.store.tables import KEY
from sync.store.values import Range, Revision, Show

FIRST_IDS, MOST_IDS = 256, 16_384
"""Ids listed at once in an area: few at first, because most queries want few documents."""
FEW, MOST = 32, 512
"""Documents read at once: few at first, for the same reason."""
BYTES: Final = 2 * 1024 * 1024
"""Bytes of documents read at once, about."""
KEPT: Final = 10_000
"""Keys kept beyond those that are wanted, before they are sorted and cut."""
ALL: Final = 1 << 62
EXAMINED: Final = 20_000
"""Documents of an area that one query may look at."""
MANY_READ: Final = (
    "The number of documents examined is high in proportion to the number of results returned. "
    "Consider adding a more specific index to improve this."
)
MANY: Final = 10
"""Documents read for each one found, from which on that is said."""
ENDED: Final = f"The query has looked at {EXAMINED} documents and ends here: ask for what follows with the bookmark."


Turn = AbstractAsyncContextManager[None]


@dataclass(frozen=True, slots=True)
class Found:
    """A document that is wanted: its id, its key in the index, its text or the fields asked for."""

    id: str
    key: bytes
    text: bytes


@dataclass(slots=True)
class _Piece:
    """What one read came to."""

    found: list[Found] = field(default_factory=list)
    keys: int = 0
    docs: int = 0
    length: int = 0
    next: Any = None
    """Where to go on; ``None``: nowhere."""
    group: bytes | None = None
    """A key that may go on beyond what rows have of it: rows that have it come next."""


class Search:
    """One query over what a view shows. Each piece is read in its ``turn``."""

    def __init__(
        self, store: DocumentStore, keeper: Keeper, view: View, query: Query, plan: Plan, turn: Turn | None = None
    ) -> None:
        self._store: Final = store
        self._keeper: Final = keeper
        self._view: Final = view
        self._query: Final = query
        self._plan: Final = plan
        self._turn: Final[Turn] = turn or nullcontext()
        self._matches: Final = matcher(query.selector)
        self._show: Final = Show(conflicts=query.conflicts)
        self._key: Final = None if plan.index.special else KeyOf(plan.index)
        self._walked: Final = self._key is not None and view.scope is None
        self._most = FEW
        self._begun: Final = time.perf_counter()
        self._keys = self._docs = self._returned = 0
        self._place = query.place
        self._warnings: Final = list(plan.warnings)

    async def answer(self) -> AsyncGenerator[bytes, None]:
        """Yield the answer's text."""
        yield b'{"docs":['
        between = b"\n"
        async for found in self._found():
            yield between + b",\n".join([each.text for each in found])
            between = b",\n"
        yield b"\n]," + orjson.dumps(self._tail())[1:] + b"\n"
        if self._walked and self._query.lazy:
            self._keeper.later(self._view, self._plan.index)

    def _tail(self) -> dict[str, Any]:
        tail: dict[str, Any] = {"bookmark": NIL if self._place is None else self._place.bookmark()}
        if self._query.stats:
            tail["execution_stats"] = {
                "total_keys_examined": self._keys,
                "total_docs_examined": self._docs,
                "total_quorum_docs_examined": 0,
                "results_returned": self._returned,
                "execution_time_ms": round((time.perf_counter() - self._begun) * 1000, 3),
            }
        if self._docs > MANY * max(1, self._returned):
            self._warnings.append(MANY_READ)
        if self._warnings:
            tail["warning"] = "\n".join(self._warnings)
        return tail

    async def _found(self) -> AsyncIterator[list[Found]]:
        query = self._query
        if query.nothing or not query.limit:
            return
        skip, left = query.skip, query.limit
        async for found in self._source(skip + left):
            kept = found[skip : skip + left]
            skip = max(0, skip - len(found))
            if kept:
                self._place = Place(kept[-1].key, kept[-1].id)
                self._returned += len(kept)
                left -= len(kept)
                yield kept

    def _source(self, wanted: int) -> AsyncIterator[list[Found]]:
        if self._key is not None and self._walked:
            return self._walk(self._key, wanted)
        if self._key is not None:
            return self._sorted(self._key, self._of_area(None), wanted, self._query.place)
        after = None if self._query.place is None else self._query.place.id
        return self._scan(after, wanted)

    # -- by an index -------------------------------------------------------------------------------------------------

    async def _walk(self, key: KeyOf, wanted: int) -> AsyncIterator[list[Found]]:
        """Yield the next ``wanted`` in the order of the index."""
        index, place = self._plan.index, self._query.place
        if self._query.update:
            await self._keeper.forward(self._view, index)
        own, (low, high) = signature(index), self._plan.bounds.cut(KEY)
        after: tuple[bytes, str | None] | None = None
        group = None
        if place is not None:
            after = place.key, place.id
            group = place.key[:KEY] if len(place.key) >= KEY else None
        while wanted:
            if group is not None:
                async for found in self._sorted(key, self._of_group(own, group), wanted, place):
                    wanted -= len(found)
                    yield found
                after, group, place = (group, None), None, None
                continue
            keys = Keys(low, high, after, self._query.descending, self._most)
            piece = await self._read(self._walking(own, keys, wanted))
            if piece.found:
                wanted -= len(piece.found)
                yield piece.found
            if piece.next is None and piece.group is None:
                return
            after, group = piece.next or after, piece.group

    def _walking(self, own: str, wanted: Keys, most: int) -> Callable[[Connection], _Piece]:
        def read(connection: Connection) -> _Piece:
            rows = self._store.index_keys_now(connection, self._view, own, wanted)
            whole = list(takewhile(lambda row: len(row[0]) < KEY, rows))
            piece = _Piece(group=rows[len(whole)][0] if len(whole) < len(rows) else None)
            winners = self._store.winners_now(connection, self._view, [id_ for _, id_ in whole], self._show)
            self._sift(piece, ((key, winners.get(id_)) for key, id_ in whole), most)
            if whole and len(rows) == wanted.limit:
                piece.next = whole[-1]
            return piece

        return read

    async def _of_group(self, own: str, group: bytes) -> AsyncIterator[Sequence[str]]:
        """Yield the ids of the rows with one key, in pieces."""
        after: tuple[bytes, str | None] | None = None
        while True:
            keys = Keys(group, group + b"\0", after, limit=self._most)
            rows = await self._store.database.read(_rows(self._store, self._view, own, keys))
            self._keys += len(rows)
            yield [id_ for _, id_ in rows]
            if len(rows) < keys.limit:
                return
            after = rows[-1]

    # -- by ids ------------------------------------------------------------------------------------------------------

    async def _scan(self, after: str | None, wanted: int) -> AsyncIterator[list[Found]]:
        """Yield the next ``wanted`` in the order of ids, or fewer where an area has too many documents."""
        down, most = self._query.descending, ALL if self._view.scope is None else EXAMINED
        start, end = self._span(after)
        while wanted:
            amount = min(self._most, most - self._docs)
            listed = Range(start=start, end=end, descending=down, limit=amount + 1, counted=False)
            piece = await self._read(self._scanning(listed, after, wanted))
            if piece.found:
                wanted -= len(piece.found)
                yield piece.found
            if piece.next is None:
                return
            start = after = piece.next
            if wanted and self._docs >= most:
                self._place = Place(b"", start)
                self._warnings.append(ENDED)
                return

    def _scanning(self, listed: Range, after: str | None, most: int) -> Callable[[Connection], _Piece]:
        def read(connection: Connection) -> _Piece:
            page, _ = self._store.list_now(connection, self._view, listed, self._show)
            piece = _Piece(next=page[-1].id if len(page) == listed.limit else None)
            rows = ((b"", each) for each in page if each.id != after and not each.id.startswith(PREFIX))
            self._sift(piece, rows, most)
            return piece

        return read

    async def _of_area(self, after: str | None) -> AsyncIterator[Sequence[str]]:
        """Yield the ids of an area's documents in the order asked for, after ``after``, in pieces to be read."""
        start, end = self._span(after)
        amount = FIRST_IDS
        while True:
            wanted = Range(start=start, end=end, descending=self._query.descending, limit=amount + 1, counted=False)
            async with self._turn:
                page, _ = await self._store.database.read(_listing(self._store, self._view, wanted))
            ids = [each.id for each in page if each.id != after and not each.id.startswith(PREFIX)]
            for piece in self._cut(ids):
                self._keys += len(piece)
                yield piece
            if len(page) <= amount:
                return
            start = after = page[-1].id
            amount = min(MOST_IDS, amount * 4)

    def _span(self, after: str | None) -> tuple[str | None, str | None]:
        """Return the ids to start and to end with, all before ``after`` left out."""
        down, span = self._query.descending, self._plan.span
        start, end = (span.high, span.low) if down else (span.low, span.high)
        if after is not None and (start is None or (after < start if down else after > start)):
            start = after
        return start, end

    # -- in the order of keys that no row has ------------------------------------------------------------------------

    async def _sorted(
        self, key: KeyOf, pieces: AsyncIterator[Sequence[str]], wanted: int, place: Place | None
    ) -> AsyncIterator[list[Found]]:
        """Yield those of the documents that come next by their keys: all are looked at, then the wanted read again."""
        down, here = self._query.descending, None if place is None else (place.key, place.id)
        kept: list[tuple[bytes, str]] = []

        def keyed(piece: _Piece, revisions: Iterable[Revision], _most: int) -> None:
            for each in revisions:
                document = orjson.loads(each.text)
                piece.docs += 1
                piece.length += len(each.text)
                own = key(document)
                if own is not None and self._matches(document):
                    piece.found.append(Found(each.id, own, b""))

        async for ids in pieces:
            piece = await self._read(self._reading(ids, 0, keyed))
            for each in piece.found:
                told = each.key, each.id
                if here is None or (told < here if down else told > here):
                    kept.append(told)
            if len(kept) > wanted + KEPT:
                kept = sorted(kept, reverse=down)[:wanted]
        keys = {id_: own for own, id_ in sorted(kept, reverse=down)[:wanted]}
        docs = self._docs
        for ids in self._cut(list(keys)):
            piece = await self._read(self._reading(ids, len(ids), self._sift_by_id))
            yield [Found(each.id, keys[each.id], each.text) for each in piece.found]
        self._docs = docs  # reading again is not looking for more

    # ----------------------------------------------------------------------------------------------------------------

    def _reading(
        self, ids: Sequence[str], most: int, sift: Callable[[_Piece, Iterable[Revision], int], None]
    ) -> Callable[[Connection], _Piece]:
        def read(connection: Connection) -> _Piece:
            winners = self._store.winners_now(connection, self._view, ids, self._show)
            piece = _Piece()
            sift(piece, [winners[id_] for id_ in ids if id_ in winners and not winners[id_].deleted], most)
            return piece

        return read

    def _sift_by_id(self, piece: _Piece, revisions: Iterable[Revision], most: int) -> None:
        self._sift(piece, ((b"", each) for each in revisions), most)
        piece.keys = 0  # they were counted when they were listed

    def _sift(self, piece: _Piece, rows: Iterable[tuple[bytes, Revision | None]], most: int) -> None:
        """Look at one document after the other until ``most`` are found. Done in the reading thread, as all parsing."""
        matches, fields, found = self._matches, self._query.fields, piece.found
        for key, each in rows:
            piece.keys += 1
            if each is None or each.deleted:
                continue
            piece.docs += 1
            piece.length += len(each.text)
            if matches(orjson.loads(each.text)):
                found.append(Found(each.id, key, extract(each.text, fields) if fields else each.text))
                if len(found) == most:
                    return

    async def _read(self, job: Callable[[Connection], _Piece]) -> _Piece:
        async with self._turn:
            piece = await self._store.database.read(job)
        self._keys += piece.keys
        self._docs += piece.docs
        self._most = max(1, min(MOST, self._most * 4, BYTES * max(1, piece.docs) // max(1, piece.length)))
        return piece

    def _cut(self, ids: Sequence[str]) -> Iterator[Sequence[str]]:
        start = 0
        while start < len(ids):
            piece = ids[start : start + self._most]
            yield piece
            start += len(piece)


def _rows(store: DocumentStore, view: View, own: str, keys: Keys) -> Callable[[Connection], list[tuple[bytes, str]]]:
    return lambda connection: store.index_keys_now(connection, view, own, keys)


def _listing(store: DocumentStore, view: View, wanted: Range) -> Callable[[Connection], tuple[list[Revision], int]]:
    return lambda connection: store.list_now(connection, view, wanted, None)
