"""``_digest``: what a client proves its copy with. Not CouchDB's: :mod:`sync.digest` says what is added up."""

from collections.abc import Mapping
from typing import Final

import orjson

from sync.access import View
from sync.digest import BUCKETS, text
from sync.errors import BadQuery, BadRequest, TooLarge
from sync.http import query
from sync.http.wire import Answer, Call, json_answer
from sync.store.values import Compare

KNOWN: Final = frozenset({"since", "without", "buckets", "list"})


async def get(call: Call, view: View) -> Answer:
    """``GET /{db}/_digest``."""
    return await _answer(call, view, call.query)


async def post(call: Call, view: View) -> Answer:
    """``POST /{db}/_digest``, with any of the query's parameters in the body."""
    told = await call.json_object()
    texts = {name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in told.items()}
    return await _answer(call, view, {**call.query, **texts})


async def _answer(call: Call, view: View, asked: Mapping[str, str]) -> Answer:
    unknown = asked.keys() - KNOWN
    if unknown:
        raise BadQuery(f"Unknown parameter: `{min(unknown)[:40]}`")
    store = call.front.store
    buckets = _buckets(asked)
    since = asked.get("since", "now")
    ask = Compare(
        None if since == "now" else query.sequence(since),
        query.texts(query.value(asked, "without") if "without" in asked else [], "without"),
        buckets,
        _listed(asked, buckets),
    )
    if len(ask.without) > call.front.limits.bulk:
        raise TooLarge(f"more than {call.front.limits.bulk} ids in one request")
    told = await store.database.read(lambda c: store.digest_now(c, view, ask))
    answer = {"seq": str(told.seq), "count": told.count, "digest": text(told.digest), "changed": told.changed}
    if buckets:
        answer["buckets"] = [[count, text(digest)] for count, digest in told.buckets]
    if ask.listed:
        answer["documents"] = told.documents
    return json_answer(answer)


def _buckets(asked: Mapping[str, str]) -> int:
    buckets = query.count(asked, "buckets", 0) or 0
    if buckets > BUCKETS or buckets & (buckets - 1):
        raise BadQuery(f"`buckets` must be a power of two up to {BUCKETS}")
    return buckets


def _listed(asked: Mapping[str, str], buckets: int) -> list[int]:
    told = query.value(asked, "list")
    if told is None:
        return []
    if not isinstance(told, list) or not all(type(each) is int and 0 <= each < buckets for each in told):
        raise BadRequest("`list` must be an array of numbers below `buckets`")
    return told
