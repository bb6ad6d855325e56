"""``_all_docs`` and its kin: documents in the order of their ids."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from sync.access import View
from sync.errors import BadQuery, BadRequest, TooLarge, Unauthorized
from sync.http import paging, query
from sync.http.wire import Answer, Call
from sync.store.values import PLAIN, DatabaseInfo, Range, Revision, Show

DESIGN: Final = Range("_design/", "_design0", inclusive_end=False)
"""The ids of design documents."""


@dataclass(frozen=True, slots=True)
class Query:
    """One listing as a client asks for it."""

    range: Range
    keys: Sequence[str] | None
    include: bool
    show: Show
    update_seq: bool


Kind = Callable[[Call, View, Query], AsyncGenerator[bytes, None]]
"""What a listing is of: yields its JSON text."""


async def get(call: Call, view: View) -> Answer:
    """``GET /{db}/_all_docs``, ``_design_docs``, ``_local_docs``."""
    asked: dict[str, Any] = dict(call.query)
    if "keys" in asked and not isinstance(query.value(call.query, "keys"), list):
        raise BadRequest("`keys` parameter must be an array.")
    return await _answer(call, view, [_query(call, asked)])


async def post(call: Call, view: View) -> Answer:
    """``POST`` to the same, with ``keys`` or any of the query's parameters in the body."""
    told = await call.json_object()
    if not isinstance(told.get("keys", []), list):
        raise BadRequest("`keys` body member must be an array.")
    return await _answer(call, view, [_query(call, {**call.query, **_texts(told)})])


async def queries(call: Call, view: View) -> Answer:
    """``POST …/queries``: several listings in one answer."""
    told = (await call.json_object()).get("queries")
    if told is None:
        raise BadRequest("POST body must include `queries` parameter.")
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise BadRequest("`queries` must be an array of objects")
    if len(told) > call.front.limits.bulk:
        raise TooLarge(f"more than {call.front.limits.bulk} queries in one request")
    asked = [_query(call, {**call.query, **_texts(each)}) for each in told]
    return await _answer(call, view, asked, several=True)


async def _answer(call: Call, view: View, asked: Sequence[Query], *, several: bool = False) -> Answer:
    kind = KINDS[call.segments[1]]
    listings = [kind(call, view, each) for each in asked]
    if several:
        return await paging.answer(_several(listings))
    return await paging.answer(_one(listings[0]))


async def _one(listing: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the listing, and the line's end with its last piece."""
    last = await anext(listing)
    async for piece in listing:
        yield last
        last = piece
    yield last + b"\n"


async def _several(listings: Sequence[AsyncGenerator[bytes, None]]) -> AsyncGenerator[bytes, None]:
    between = b'{"results":[\n'
    for listing in listings:
        async for piece in listing:
            yield between + piece
            between = b""
        between = b",\n"
    yield b'{"results":[\n\n]}\n' if not listings else b"\n]}\n"


def _texts(told: Mapping[str, Any]) -> dict[str, str]:
    """Return a body's members as the query would have them: JSON, but for what is plain text there."""
    return {
        name: value if name.endswith("docid") and isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in told.items()
    }


def _query(call: Call, asked: Mapping[str, str]) -> Query:
    wanted = _range(asked)
    keys = query.value(asked, "keys")
    if keys is not None:
        if any(name in asked for name in ("key", "startkey", "start_key", "endkey", "end_key")):
            raise BadQuery("`keys` is incompatible with `key`, `start_key` and `end_key`")
        keys = query.texts(keys, "keys")
        if len(keys) > call.front.limits.bulk:
            raise TooLarge(f"more than {call.front.limits.bulk} keys in one request")
    show = Show(
        conflicts=query.flag(asked, "conflicts"),
        attachments=query.flag(asked, "attachments"),
        encoding=query.flag(asked, "att_encoding_info"),
    )
    return Query(wanted, keys, query.flag(asked, "include_docs"), show, query.flag(asked, "update_seq"))


def _range(asked: Mapping[str, str]) -> Range:
    """Return which part of what is listed in order is asked for."""
    start, end = _bound(asked, "start"), _bound(asked, "end")
    key = query.value(asked, "key")
    if isinstance(key, str):
        start = end = key
    return Range(
        start,
        end,
        inclusive_end=query.flag(asked, "inclusive_end", default=True),
        descending=query.flag(asked, "descending"),
        skip=query.count(asked, "skip", 0) or 0,
        limit=query.count(asked, "limit"),
    )


def _bound(asked: Mapping[str, str], side: str) -> str | None:
    """Return where a listing starts or ends. An id is text: any other key counts as none, and then ``…_docid`` does."""
    for name in (f"{side}key", f"{side}_key"):
        key = query.value(asked, name)
        if isinstance(key, str):
            return key
    return asked.get(f"{side}key_docid", asked.get(f"{side}_key_doc_id"))


# -- what is listed ----------------------------------------------------------------------------------------------------


async def _documents(call: Call, view: View, asked: Query) -> AsyncGenerator[bytes, None]:
    store = call.front.store

    def read(connection: Connection) -> bytes:
        told = store.info_now(connection, view)
        keys = _part(asked)
        if asked.include and asked.show.attachments and view.scope is not None:
            call.bound_inlined(store.winners_now(connection, view, keys, PLAIN).values())
        known = store.winners_now(connection, view, keys, asked.show)
        rows = [_key_row(key, known.get(key), include=asked.include) for key in keys]
        return _text(told.live, None, _seq(asked, told), rows)

    if asked.keys is not None:
        yield await store.database.read(read)
        return
    async for piece in _pages(call, view, asked, asked.range, lambda _, told: (told.live, 0)):
        yield piece


async def _design(call: Call, view: View, asked: Query) -> AsyncGenerator[bytes, None]:
    store = call.front.store

    def counted(connection: Connection, _: DatabaseInfo) -> tuple[int, int]:
        every, before = store.list_now(connection, view, DESIGN, None)
        return len(every), before

    def read(connection: Connection) -> bytes:
        keys = [key for key in _part(asked) if key.startswith("_design/")]
        known = store.winners_now(connection, view, keys, asked.show)
        rows = [_key_row(key, known.get(key), include=asked.include) for key in keys]
        total, _ = counted(connection, store.info_now(connection, view))
        return _text(total, None, "", rows)

    if asked.keys is not None:
        yield await store.database.read(read)
        return
    wanted = asked.range
    first = wanted.end if wanted.descending else wanted.start
    last = wanted.start if wanted.descending else wanted.end
    first, last = max(first or "", "_design/"), min(last or "_design0", "_design0")
    wanted = replace(wanted, start=last, end=first) if wanted.descending else replace(wanted, start=first, end=last)
    async for piece in _pages(call, view, asked, wanted, counted):
        yield piece


async def _pages(
    call: Call,
    view: View,
    asked: Query,
    wanted: Range,
    counted: Callable[[Connection, DatabaseInfo], tuple[int, int]],
) -> AsyncGenerator[bytes, None]:
    """Yield a listing of a range page by page. ``counted`` tells the total, and how many before the range do not count.

    Attachments are read at once: what they may be altogether has a bound of its own.
    """
    store = call.front.store
    show = asked.show if asked.include else None
    portion = paging.Portion(documents=asked.include)
    left, between = wanted.limit, b""
    after: str | None = None

    def page(connection: Connection) -> tuple[bytes, list[Revision], int]:
        limit = portion.rows if left is None else min(left, portion.rows)
        part = replace(wanted, limit=limit)
        if show is not None and show.attachments:
            part = replace(wanted, limit=left)
            if view.scope is not None:
                call.bound_inlined(store.list_now(connection, view, part, PLAIN)[0])
        elif after is not None:
            part = replace(wanted, start=after, skip=0, limit=limit + 1, counted=False)
        found, offset = store.list_now(connection, view, part, show)
        full = part.limit is not None and len(found) == part.limit
        head = b""
        if after is None:
            told = store.info_now(connection, view)
            total, before = counted(connection, told)
            head = _head(total, max(0, offset - before), _seq(asked, told))
        elif found and found[0].id == after:
            del found[0]
        return head, found, limit if full else 0

    while True:
        head, found, more = await store.database.read(page)
        if left is not None:
            left -= len(found)
        portion.learn(each.text for each in found)
        text = head + between * bool(found) + b",\n".join([_row(each, include=asked.include) for each in found])
        if not more or left == 0 or not found:
            yield text + b"\n]}"
            return
        yield text
        after, between = found[-1].id, b",\n"


def _seq(asked: Query, told: DatabaseInfo) -> str:
    return f'"update_seq":"{told.update_seq}",' if asked.update_seq else ""


async def _local(call: Call, view: View, asked: Query) -> AsyncGenerator[bytes, None]:
    store, principal = call.front.store, call.principal
    if principal is None:
        raise Unauthorized

    def line(connection: Connection, id_: str, rev: str) -> bytes:
        text = orjson.dumps(id_)
        doc = b""
        if asked.include:
            doc = b',"doc":' + store.local_now(connection, view, principal, id_.removeprefix("_local/"))
        return b'{"id":%b,"key":%b,"value":{"rev":"%b"}%b}' % (text, text, rev.encode(), doc)

    def read(connection: Connection) -> bytes:
        found = dict(store.list_local_now(connection, view, principal))
        if asked.keys is not None:
            rows = [
                line(connection, key, found[key]) if key in found else _key_row(key, None, include=False)
                for key in _part(asked)
            ]
            return _text(None, None, "", rows)
        ids = _within(sorted(found), asked.range)
        return _text(None, None, "", [line(connection, id_, found[id_]) for id_ in ids])

    yield await store.database.read(read)


KINDS: Final[Mapping[str, Kind]] = {"_all_docs": _documents, "_design_docs": _design, "_local_docs": _local}


def _part(asked: Query) -> list[str]:
    """Return the keys that are wanted, in their order."""
    keys = list(asked.keys or ())
    if asked.range.descending:
        keys.reverse()
    stop = None if asked.range.limit is None else asked.range.skip + asked.range.limit
    return keys[asked.range.skip : stop]


def _within(ids: list[str], wanted: Range) -> list[str]:
    """Return those of ``ids``, which are in order, that a range has."""
    least, most = (wanted.end, wanted.start) if wanted.descending else (wanted.start, wanted.end)
    found = [id_ for id_ in ids if (least is None or id_ >= least) and (most is None or id_ <= most)]
    if not wanted.inclusive_end and wanted.end is not None:
        found = [id_ for id_ in found if id_ != wanted.end]
    if wanted.descending:
        found.reverse()
    stop = None if wanted.limit is None else wanted.skip + wanted.limit
    return found[wanted.skip : stop]


def _text(total: int | None, offset: int | None, seq: str, rows: Sequence[bytes]) -> bytes:
    return _head(total, offset, seq) + b",\n".join(rows) + b"\n]}"


def _head(total: int | None, offset: int | None, seq: str) -> bytes:
    return b'{"total_rows":%b,"offset":%b,%b"rows":[\n' % (_number(total), _number(offset), seq.encode())


def _number(told: int | None) -> bytes:
    return b"null" if told is None else b"%d" % told


def _row(revision: Revision, *, include: bool) -> bytes:
    id_ = orjson.dumps(revision.id)
    doc = b',"doc":' + revision.text if include else b""
    return b'{"id":%b,"key":%b,"value":{"rev":"%b"}%b}' % (id_, id_, revision.rev.encode(), doc)


def _key_row(key: str, revision: Revision | None, *, include: bool) -> bytes:
    if revision is None:
        return b'{"key":%b,"error":"not_found"}' % orjson.dumps(key)
    if not revision.deleted:
        return _row(revision, include=include)
    id_ = orjson.dumps(key)
    doc = b',"doc":null' if include else b""
    return b'{"id":%b,"key":%b,"value":{"rev":"%b","deleted":true}%b}' % (id_, id_, revision.rev.encode(), doc)


def names(asked: Mapping[str, str], found: list[str]) -> list[str]:
    """Return those of ``found``, which are in order, that the query's range has: for ``_all_dbs``."""
    return _within(found, _range(asked))
