"""``_all_docs``: documents in the order of their ids."""

from typing import Any

import orjson
from sqlalchemy import Connection

from sync.access import View
from sync.errors import BadQuery, TooLarge
from sync.http import query
from sync.http.wire import Answer, Call
from sync.store.values import PLAIN, Range, Revision, Show


async def get(call: Call, view: View) -> Answer:
    """``GET /{db}/_all_docs``."""
    keys = query.value(call.query, "keys")
    key = query.text(call.query, "key")
    if key is not None:
        keys = [key]
    return await _answer(call, view, call.query, keys)


async def post(call: Call, view: View) -> Answer:
    """``POST /{db}/_all_docs`` with ``keys`` or any of the query's parameters in the body."""
    told = await call.json_object()
    asked = dict(call.query)
    for name, value in told.items():
        if name != "keys":
            asked[name] = orjson.dumps(value).decode()
    keys = told.get("keys")
    if keys is None and isinstance(told.get("key"), str):
        keys = [told["key"]]
    return await _answer(call, view, asked, keys)


async def _answer(call: Call, view: View, asked: dict[str, str], keys: Any) -> Answer:
    include = query.flag(asked, "include_docs")
    show = Show(conflicts=query.flag(asked, "conflicts"), attachments=query.flag(asked, "attachments"))
    with_seq = query.flag(asked, "update_seq")
    descending = query.flag(asked, "descending")
    skip, limit = query.count(asked, "skip", 0) or 0, query.count(asked, "limit")
    if keys is not None:
        keys = query.texts(keys, "keys")
        if len(keys) > call.front.limits.bulk:
            raise TooLarge(f"more than {call.front.limits.bulk} keys in one request")
        if descending:
            keys.reverse()
    wanted = Range(
        start=query.text(asked, "startkey", "start_key", "startkey_docid"),
        end=query.text(asked, "endkey", "end_key", "endkey_docid"),
        inclusive_end=query.flag(asked, "inclusive_end", default=True),
        descending=descending,
        skip=skip,
        limit=limit,
    )
    if keys is not None and (wanted.start is not None or wanted.end is not None):
        raise BadQuery("`keys` is incompatible with `key`, `start_key` and `end_key`")
    store = call.front.store
    bounded = include and show.attachments and view.scope is not None

    def read(connection: Connection) -> bytes:
        told = store.info_now(connection, view)
        if keys is None:
            if bounded:
                call.bound_inlined(store.list_now(connection, view, wanted, PLAIN)[0])
            found, offset = store.list_now(connection, view, wanted, show if include else None)
            lines = [_row(revision, include=include) for revision in found]
            head = f'"offset":{offset},'
        else:
            if bounded:
                call.bound_inlined(store.winners_now(connection, view, keys, PLAIN).values())
            known = store.winners_now(connection, view, keys, show)
            picked = keys[skip:] if limit is None else keys[skip : skip + limit]
            lines = [_key_row(key, known.get(key), include=include) for key in picked]
            head = '"offset":null,'
        if with_seq:
            head += f'"update_seq":"{told.update_seq}",'
        return f'{{"total_rows":{told.live},{head}"rows":[\n'.encode() + b",\n".join(lines) + b"\n]}\n"

    return Answer(200, await store.database.read(read))


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
