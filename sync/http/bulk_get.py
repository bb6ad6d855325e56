"""``_bulk_get``: many documents, asked for by revision, in the order asked."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import repeat
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection

from sync import revisions
from sync.access import View
from sync.documents import check_id
from sync.errors import BadRequest, SyncError, TooLarge
from sync.http import errors, multipart, query
from sync.http.negotiation import MIXED, RELATED, accepts
from sync.http.wire import JSON, Answer, Call
from sync.jsontext import quoted
from sync.limits import Limits
from sync.store.values import PLAIN, Found, Show

REFUSED: Final = ("open_revs", "new_edits", "w", "rev", "atts_since")
"""Parameters of other resources, which here would not do what they say."""
Leaves = list[tuple[str, Found]]


class Asked(NamedTuple):
    """One document of the request; one that makes no sense has an ``error``, and its answer is that."""

    id: Any
    rev: Any = None
    since: tuple[str, ...] | None = None
    error: SyncError | None = None


async def post(call: Call, view: View) -> Answer:
    """``POST /{db}/_bulk_get``: bodies are spliced into the answer unparsed."""
    asked = _docs(await call.json_object(), call)
    show, latest = _show(call.query), query.is_true(call.query, "latest")
    parts = not accepts(call.headers, JSON) and (accepts(call.headers, MIXED) or accepts(call.headers, RELATED))
    if parts:
        show = replace(show, attachments=True, follows=True, encoding=True)
    silent = view.scope is not None
    store = call.front.store

    def answer(connection: Connection) -> bytes:
        if show.attachments and silent:
            stubs = _read(call, connection, view, asked, PLAIN, latest=latest)
            call.bound_inlined(each for leaves in stubs for _, each in leaves)
        found = _read(call, connection, view, asked, show, latest=latest)
        return b'{"results":[' + b",".join(_results(asked, found, silent=silent)) + b"]}\n"

    if not parts:
        return Answer(200, await store.database.read(answer))
    rest = iter(await store.database.read(lambda c: _read(call, c, view, asked, show, latest=latest)))
    leaves = [(each.id, _error(each), [] if each.error else _or_missing(each, next(rest))) for each in asked]
    boundary = "--" + secrets.token_hex(16)
    kind = MIXED if accepts(call.headers, MIXED) else RELATED
    return Answer(200, multipart.results(store, boundary, leaves, silent=silent), {}, f'{kind}; boundary="{boundary}"')


def _docs(told: Mapping[str, Any], call: Call) -> list[Asked]:
    docs, limits = told.get("docs"), call.front.limits
    if not isinstance(docs, list):
        raise BadRequest("Missing JSON list of 'docs'.")
    if len(docs) > limits.bulk:
        raise TooLarge(f"more than {limits.bulk} documents in one request")
    for name in REFUSED:
        if name in call.query:
            raise BadRequest(f'"{name}" query parameter is not acceptable')
    return _plain(docs, limits) or [_asked(doc, limits) for doc in docs]


_IDS: Final = re.compile(r"(?:[^_\0\n][^\0\n]*\n)+")
_REVS: Final = re.compile(rf"(?:{revisions.REV}\n)+")
"""Many, each in a line, of which :func:`_asked` would find none wrong."""
_made: Final = partial(tuple.__new__, Asked)
"""Makes an :class:`Asked` of its fields at a third of the usual cost."""


def _plain(docs: Sequence[Any], limits: Limits) -> list[Asked] | None:
    """Return what :func:`_asked` makes of all ``docs``, looked through at once; ``None`` where one is not plain.

    Every replicator asks for hundreds of documents by id and revision alone.
    """
    try:
        ids, revs = [doc["id"] for doc in docs], [doc["rev"] for doc in docs]
        id_lines, rev_lines = "\n".join([*ids, ""]), "\n".join([*revs, ""])
    except (KeyError, TypeError):
        return None
    if _IDS.fullmatch(id_lines) is None or _REVS.fullmatch(rev_lines) is None:
        return None
    if not id_lines.count("\n") == rev_lines.count("\n") == len(docs):
        return None
    if max(map(len, ids)) > limits.id_length // 4 or any("atts_since" in doc for doc in docs):
        return None
    return list(map(_made, zip(ids, revs, repeat(None), repeat(None), strict=False)))


def _read(
    call: Call, connection: Connection, view: View, asked: Sequence[Asked], show: Show, *, latest: bool
) -> list[Leaves]:
    """Return the leaves for each document whose request makes sense: in one query, unless each wants its own."""
    store = call.front.store
    wanted = [each for each in asked if each.error is None]
    if not any(each.since for each in wanted):
        return store.show_many_now(connection, view, [(each.id, each.rev) for each in wanted], show, latest=latest)
    found: list[Leaves] = []
    for each in wanted:
        own = replace(show, attachments=show is not PLAIN, since=each.since) if each.since else show
        found += store.show_many_now(connection, view, [(each.id, each.rev)], own, latest=latest)
    return found


def _show(asked: Mapping[str, str]) -> Show:
    return Show(
        revs=query.is_true(asked, "revs"),
        attachments=query.is_true(asked, "attachments"),
        encoding=query.is_true(asked, "att_encoding_info"),
    )


def _asked(doc: Any, limits: Limits) -> Asked:
    if not isinstance(doc, dict) or not doc:
        return Asked(None, error=BadRequest("document must be a JSON object"))
    if "id" not in doc:
        return Asked(None, error=BadRequest("document id missed"))
    id_, rev, since = doc["id"], doc.get("rev"), doc.get("atts_since")
    try:
        check_id(id_, limits)
    except SyncError as error:
        return Asked(id_, error=error)
    if since is not None and not isinstance(since, list):
        return Asked(id_, since, error=BadRequest("att_since value must be array of revs."))
    told = rev
    try:
        if rev is not None:
            revisions.check(rev)
        for told in since or ():
            revisions.check(told)
    except BadRequest as error:
        return Asked(id_, told, error=error)
    return Asked(id_, rev, tuple(since) if since else None)


def _or_missing(each: Asked, leaves: Leaves) -> Leaves:
    return leaves or [(each.rev or "undefined", None)]


def _error(each: Asked) -> dict[str, Any] | None:
    if each.error is None:
        return None
    return {"id": each.id, "rev": each.rev, "error": errors.of(each.error)[1], "reason": each.error.reason}


def _results(asked: Sequence[Asked], found: Sequence[Leaves], *, silent: bool) -> list[bytes]:
    """Return the items of the answer.

    An error among the documents would stop a phone's replication for good, so what a scope does not show, or does not
    have any more, is answered by an empty list there.
    """
    rest = iter(found)
    items = []
    for each in asked:
        docs = []
        if each.error is not None:
            docs.append(orjson.dumps({"error": _error(each)}))
        else:
            leaves = next(rest)
            if len(leaves) == 1 and (leaf := leaves[0][1]) is not None:  # as nearly always
                items.append(f'{{"id":{quoted(each.id)},"docs":[{{"ok":'.encode() + leaf.text + b"}]}")
                continue
            for rev, leaf in _or_missing(each, leaves):
                if leaf is not None:
                    docs.append(b'{"ok":%b}' % leaf.text)
                elif not silent:
                    error = {"id": each.id, "rev": rev, "error": "not_found", "reason": "missing"}
                    docs.append(orjson.dumps({"error": error}))
        id_ = quoted(each.id).encode() if isinstance(each.id, str) else orjson.dumps(each.id)
        items.append(b'{"id":%b,"docs":[%b]}' % (id_, b",".join(docs)))
    return items
