"""``_changes`` in its four shapes."""

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from sync.access import View
from sync.errors import BadQuery, BadRequest, NotOffered, TooLarge
from sync.feed import BEAT, Patience, follow
from sync.http import paging, query
from sync.http.document import etag_matches
from sync.http.wire import JSON, Answer, Call
from sync.jsontext import quoted
from sync.mango.feed import page_now
from sync.matching import Matcher, matcher
from sync.selector import parse
from sync.store.values import PLAIN, Ask, Page, Show

CONTINUOUS_SECONDS: Final = 600.0
"""A continuous feed ends after this time at a quiet moment, and the client comes back with what it may see by then."""
DEFAULT_TIMEOUT: Final = 60.0


async def get(call: Call, view: View) -> Answer:
    """``GET /{db}/_changes``."""
    return await _answer(call, view, call.query, None)


async def post(call: Call, view: View) -> Answer:
    """``POST /{db}/_changes`` with ``doc_ids`` or a ``selector`` in the body."""
    call.content_type(JSON)
    told = {} if call.headers.get("content-length") == "0" else await call.json_object()
    asked = dict(call.query)
    for name, value in told.items():
        if name not in {"doc_ids", "selector"}:
            asked[name] = value if isinstance(value, str) else orjson.dumps(value).decode()
    if "selector" in told and asked.get("filter", "_selector") == "_selector":
        asked["filter"] = "_selector"
    return await _answer(call, view, asked, told.get("doc_ids"), told.get("selector"))


async def _answer(call: Call, view: View, asked: dict[str, str], doc_ids: Any, selector: Any = None) -> Answer:
    feed = asked.get("feed", "normal")
    feed = "continuous" if feed == "live" else feed
    if feed != "normal" and feed not in SHAPES:
        raise BadRequest("Supported `feed` types: normal, continuous, live, longpoll, eventsource")
    store = call.front.store
    since = asked.get("last-event-id") or asked.get("since")
    if feed == "eventsource":
        since = call.headers.get("last-event-id") or since  # the browser coming back
    if since == "now" or feed in SHAPES:
        told = await store.database.read(lambda c: store.info_now(c, view))  # what is not there is told before we begin
        since = str(told.update_seq) if since == "now" else since
    ask = Ask(
        since=0 if since is None else query.sequence(since),
        limit=query.count(asked, "limit"),
        descending=query.is_true(asked, "descending"),
        design=asked.get("filter") == "_design",
        all_leaves=_style(asked),
        ids=_ids(call, asked, doc_ids),
    )
    show = None
    if query.is_true(asked, "include_docs"):
        show = Show(
            conflicts=query.is_true(asked, "conflicts"),
            attachments=query.is_true(asked, "attachments"),
            encoding=query.is_true(asked, "att_encoding_info"),
        )
    lines = _Lines(call, view, show, _interval(asked), _matcher(asked, selector))
    if feed == "normal" or (feed == "longpoll" and ask.descending):
        return await _normal(call, lines, ask)
    wait = patience(call, asked, feed)
    shape, media_type = SHAPES[feed]
    name = call.principal.name if call.principal else ""
    return Answer(
        200, shape(lines, ask, wait), {"x-accel-buffering": "no"}, media_type, release=call.front.take_feed(name)
    )


async def _normal(call: Call, lines: "_Lines", ask: Ask) -> Answer:
    """Answer with all that there is, a page at a time; a client that has this already is told so, as by CouchDB."""
    etag, page = await lines.begin(ask, lambda etag: call.method != "POST" and etag_matches(call.connection, etag))
    if page is None:
        return Answer(304, b"", {"etag": etag})
    return await paging.answer(lines.pieces(ask, page), {"etag": etag})


class _Lines:
    """Pages of changes, and their text: both are read in one transaction."""

    def __init__(self, call: Call, view: View, show: Show | None, interval: int, matches: Matcher | None) -> None:
        self._call = call
        self._store = call.front.store
        self._view = view
        self._show = show
        self._docs: dict[str, bytes] = {}
        self._matches = matches
        self._interval = interval
        self._asked = Ask()
        self._portion = paging.Portion(documents=show is not None and matches is None)
        self._count = 0

    async def read(self, ask: Ask) -> Page:
        return await self._store.database.read(lambda c: self._read_now(c, ask))

    def _read_now(self, connection: Connection, ask: Ask) -> Page:
        self._asked = ask
        if self._matches is None:
            page = self._store.changes_now(connection, self._view, ask)
        else:
            page = page_now(self._store, connection, self._view, ask, self._matches)
        if self._show is not None:
            ids = [change.id for change in page.changes]
            if self._show.attachments and self._view.scope is not None:
                self._call.bound_inlined(self._store.winners_now(connection, self._view, ids, PLAIN).values())
            winners = self._store.winners_now(connection, self._view, ids, self._show)
            self._docs = {id_: revision.text for id_, revision in winners.items()}
            self._portion.learn(self._docs.values())
        return page

    async def begin(self, ask: Ask, has: Callable[[str], bool]) -> tuple[str, Page | None]:
        """Return the answer's ``ETag``, and its first page unless the client has what that names."""

        def read(connection: Connection) -> tuple[str, Page | None]:
            told = self._store.info_now(connection, self._view)
            etag = f'"{hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()}"'
            return etag, None if has(etag) else self._read_now(connection, self._part(ask))

        return await self._store.database.read(read)

    async def pieces(self, ask: Ask, page: Page) -> AsyncGenerator[bytes, None]:
        """Yield the text of ``page`` and of all that ``ask`` wants after it."""
        text, between = b'{"results":[\n', b""
        while True:
            rows = b",\n".join(self.of(page))
            if rows:
                text += between + rows
                between = b",\n"
            following = self._after(ask, page)
            if following is None:
                yield text + b"\n]," + _tail(page)
                return
            if text:
                yield text
            text, ask, last = b"", following, page.last_seq
            page = await self.read(self._part(ask))
            if ask.descending and not page.changes:
                page = replace(page, last_seq=last)

    def _part(self, ask: Ask) -> Ask:
        """Return what is asked for of the next page."""
        if self._whole(ask):
            return ask
        return replace(ask, limit=self._portion.rows if ask.limit is None else min(ask.limit, self._portion.rows))

    def _whole(self, ask: Ask) -> bool:
        """Tell whether ``ask`` cannot be read in pages; attachments have a bound of their own."""
        if self._show is not None and self._show.attachments:
            return True
        return ask.ids is not None or ask.design or (self._matches is not None and ask.descending)

    def _after(self, ask: Ask, page: Page) -> Ask | None:
        """Return what is left of ``ask`` after ``page``, which was the last to be read."""
        left = None if ask.limit is None else ask.limit - len(page.changes)
        if left == 0 or self._whole(ask):
            return None
        if ask.descending:
            full = len(page.changes) == self._asked.limit
            return replace(ask, before=page.changes[-1].seq, limit=left) if full else None
        return replace(ask, since=page.last_seq, limit=left) if page.pending else None

    async def wait(self, since: int, seconds: float) -> bool:
        """Wait for a change. Raises as the gatekeeper does when the view was taken away while we waited."""
        woken = await self._store.changed(self._view.database, self._view.scope, since, seconds)
        if woken:
            await self._call.front.gatekeeper.open(self._call.principal, self._view.name)
        return woken

    def of(self, page: Page) -> list[bytes]:
        """Return a line for each change: one pass, as there are hundreds."""
        lines: list[bytes] = []
        interval, shown, docs = self._interval, self._show is not None, self._docs
        for count, (seq, id_, rev, deleted, others) in enumerate(page.changes, self._count + 1):
            told = "null" if count % interval else f'"{seq}"'
            revs = f"{rev},{others}".replace(",", '"},{"rev":"') if others else rev
            end = ',"deleted":true' if deleted else ""
            line = f'{{"seq":{told},"id":{quoted(id_)},"changes":[{{"rev":"{revs}"}}]{end}'
            lines.append(b'%b,"doc":%b}' % (line.encode(), docs[id_]) if shown else f"{line}}}".encode())
        self._count += len(lines)
        return lines

    def follow(self, ask: Ask, patience: Patience) -> AsyncIterator[Any]:
        return follow(self.read, self.wait, ask, patience)


def _tail(page: Page) -> bytes:
    return b'"last_seq":"%d","pending":%d}\n' % (page.last_seq, page.pending)


async def _longpoll(lines: _Lines, ask: Ask, patience: Patience) -> AsyncGenerator[bytes, None]:
    """Answer with the first changes that there are, or with none when patience ends."""
    yield b'{"results":[\n'
    async for page in lines.follow(ask, patience):
        if page == BEAT:
            yield b"\n"
            continue
        yield b",\n".join(lines.of(page)) + b"\n]," + _tail(page)
        return


async def _continuous(lines: _Lines, ask: Ask, patience: Patience) -> AsyncGenerator[bytes, None]:
    """Send one line per change, and a last one with ``last_seq``."""
    last: Page | None = None
    async for page in lines.follow(ask, patience):
        if page == BEAT:
            yield b"\n"
            continue
        last = page
        if page.changes:
            yield b"\n".join(lines.of(page)) + b"\n"
    if last is not None:
        yield b"{" + _tail(last)


async def _eventsource(lines: _Lines, ask: Ask, patience: Patience) -> AsyncGenerator[bytes, None]:
    """Send one event per change; its id is the sequence, which a browser sends back when it reconnects."""
    async for page in lines.follow(ask, patience):
        if page == BEAT:
            yield b"event: heartbeat\ndata: \n\n"
        elif page.changes:
            pairs = zip(lines.of(page), page.changes, strict=True)
            yield b"".join(b"data: %b\nid: %d\n\n" % (line, change.seq) for line, change in pairs)


Shape = Callable[[_Lines, Ask, Patience], AsyncGenerator[bytes, None]]
SHAPES: Final[dict[str, tuple[Shape, str]]] = {
    "longpoll": (_longpoll, JSON),
    "continuous": (_continuous, JSON),
    "eventsource": (_eventsource, "text/event-stream"),
}


def _interval(asked: dict[str, str]) -> int:
    """Return of how many changes one tells its sequence."""
    told = asked.get("seq_interval", "1")
    if not told.isascii() or not told.isdecimal() or int(told) < 1:
        raise BadRequest("invalid_seq_interval")
    return int(told)


def _style(asked: dict[str, str]) -> bool:
    style = asked.get("style", "main_only")
    if style not in {"main_only", "all_docs"}:
        raise BadQuery(f"Unknown style: {style[:40]}")
    return style == "all_docs"


def _matcher(asked: dict[str, str], selector: Any) -> Matcher | None:
    """Return what the feed is filtered by. Raises ``BadFind``."""
    if asked.get("filter") != "_selector":
        return None
    if selector is None:
        raise BadRequest("Selector must be specified in POST payload")
    return matcher(parse(selector))


def _ids(call: Call, asked: dict[str, str], told: Any) -> list[str] | None:
    kind = asked.get("filter")
    if kind in {None, "_design", "_selector"}:
        return None
    if kind == "_view" or "/" in kind:
        raise NotOffered(
            "functions of design documents are not executed: filter with _doc_ids or _selector, at your side, or by an "
            "area's database"
        )
    if kind != "_doc_ids":
        raise BadRequest("filter parameter must be of the form `designname/filtername`")
    ids = query.texts(told if told is not None else query.value(asked, "doc_ids"), "doc_ids")
    if len(ids) > call.front.limits.bulk:
        raise TooLarge(f"more than {call.front.limits.bulk} ids in one request")
    return ids


def patience(call: Call, asked: dict[str, str], feed: str) -> Patience:
    """Return how long a feed goes on, by its ``heartbeat`` and ``timeout``. Raises ``BadRequest``, ``BadQuery``."""
    limits = call.front.limits
    heartbeat: float | None = None
    beat = asked.get("heartbeat", "false")
    if beat == "true":
        heartbeat = DEFAULT_TIMEOUT
    elif beat != "false":
        if not re.fullmatch("-?[0-9]{1,15}", beat):
            raise BadRequest("Invalid heartbeat value. Expecting a positive integer value (in milliseconds).")
        if int(beat) < 1:
            raise BadRequest("The heartbeat value should be a positive integer (in milliseconds).")
        heartbeat = max(limits.heartbeat_least, int(beat) / 1000)
    timeout = query.seconds(asked, "timeout", DEFAULT_TIMEOUT)
    if feed == "longpoll":
        idle = limits.poll_seconds if heartbeat is not None else min(timeout, limits.poll_seconds)
        return Patience(idle, limits.poll_seconds, heartbeat)
    return Patience(timeout if heartbeat is None else CONTINUOUS_SECONDS, CONTINUOUS_SECONDS, heartbeat)
