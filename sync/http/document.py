"""One document: read, write, delete; and writing one without naming it."""

import secrets
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from litestar.connection import ASGIConnection

from sync import revisions
from sync.access import Principal, View
from sync.documents import Draft, Upload, check_id, draft
from sync.errors import BadRequest, NotOffered, Unauthorized
from sync.http import multipart, query
from sync.http.negotiation import MIXED, RELATED, accepts
from sync.http.wire import JSON, Answer, Call, in_thread, json_answer
from sync.jsontext import members, parse
from sync.store.values import PLAIN, Found, Rejected, Show


def name(call: Call) -> tuple[str, str | None]:
    """Return the document's id and the attachment's name, if any, that the path has."""
    head, *rest = call.segments[1:]
    if head == "_design" and rest:
        head, rest = f"_design/{rest[0]}", rest[1:]
    return check_id(head, call.front.limits), "/".join(rest) if rest else None


def queried_rev(call: Call) -> str | None:
    """Return the revision that the query names. Raises ``BadRequest``."""
    rev = call.query.get("rev")
    if rev is not None:
        revisions.check(rev)
    return rev


def asked_rev(call: Call) -> str | None:
    """Return the revision that the query or ``If-Match`` names. Raises ``BadRequest``."""
    rev, match = queried_rev(call), call.headers.get("if-match")
    if match is None:
        return rev
    match = match.strip().strip('"')
    revisions.check(match)
    if rev not in {None, match}:
        raise BadRequest("Document rev and etag have different values")
    return match


def somebody(call: Call) -> Principal:
    """Return who asks. Raises ``Unauthorized``."""
    if call.principal is None:
        raise Unauthorized
    return call.principal


def etag_matches(connection: ASGIConnection[Any, Any, Any, Any], etag: str) -> bool:
    """Tell whether the client has this already."""
    told = connection.headers.get("if-none-match", "")
    return told.strip() == "*" or etag in [part.strip().removeprefix("W/") for part in told.split(",")]


def located(view: View, *path: str) -> str:
    """Return where in the database of ``view`` something is, for ``Location``."""
    return "/" + "/".join(quote(part, safe="") for part in (view.name, *path))


def _show(call: Call) -> Show:
    flags = call.query
    meta = query.is_true(flags, "meta")
    since = query.value(flags, "atts_since")
    for rev in [] if since is None else query.texts(since, "atts_since"):
        revisions.check(rev)
    return Show(
        revs=query.is_true(flags, "revs"),
        revs_info=meta or query.is_true(flags, "revs_info"),
        conflicts=meta or query.is_true(flags, "conflicts"),
        deleted_conflicts=meta or query.is_true(flags, "deleted_conflicts"),
        local_seq=query.is_true(flags, "local_seq"),
        attachments=query.is_true(flags, "attachments") or since is not None,
        since=None if since is None else tuple(since),
        encoding=query.is_true(flags, "att_encoding_info"),
    )


async def get(call: Call, view: View) -> Answer:
    """``GET /{db}/{id}``: as JSON, or with its attachments behind it."""
    if "open_revs" in call.query:
        return await _open_revs(call, view)
    id_, _ = name(call)
    rev, show, latest = queried_rev(call), _show(call), query.is_true(call.query, "latest")
    if show.attachments and accepts(call.headers, RELATED):
        show = replace(show, follows=True, encoding=True)
    store = call.front.store
    found = await store.database.read(lambda c: store.show_now(c, view, id_, None if latest else rev, show))
    headers = {} if show.lineage else {"etag": f'"{found.rev}"'}
    if headers and etag_matches(call.connection, headers["etag"]):
        return Answer(304, b"", headers)
    if found.following:
        return multipart.related(store, found, headers)
    return Answer(200, found.text + b"\n", headers)


async def _open_revs(call: Call, view: View) -> Answer:
    id_, _ = name(call)
    told = call.query["open_revs"]
    revs = None if told == "all" else query.texts(query.value(call.query, "open_revs"), "open_revs")
    for rev in revs or ():
        revisions.check(rev)
    show, latest = _show(call), query.is_true(call.query, "latest")
    parts = accepts(call.headers, MIXED)
    if parts:
        show = replace(show, attachments=True, follows=True, encoding=True)
    store = call.front.store
    found = await store.database.read(lambda c: store.show_leaves_now(c, view, id_, revs, show, latest=latest))
    if parts:
        boundary = secrets.token_hex(16)
        return Answer(200, multipart.mixed(store, boundary, found), {}, f'{MIXED}; boundary="{boundary}"')
    return Answer(200, b"[" + b",".join([_leaf(rev, revision) for rev, revision in found]) + b"]\n")


def _leaf(rev: str, found: Found) -> bytes:
    return b'{"missing":"%b"}' % rev.encode() if found is None else b'{"ok":%b}' % found.text


async def put(call: Call, view: View) -> Answer:
    """``PUT /{db}/{id}``."""
    id_, _ = name(call)
    return await _write(call, view, id_)


async def post(call: Call, view: View) -> Answer:
    """``POST /{db}``: store a document; one without an id gets one."""
    call.content_type(JSON)
    return await _write(call, view, None)


async def _write(call: Call, view: View, id_: str | None) -> Answer:
    principal = somebody(call)
    new_edits = call.query.get("new_edits") != "false"
    given = asked_rev(call)
    boundary = multipart.boundary_of(call.headers.get("content-type", "")) if id_ is not None else None
    limits = call.front.limits
    arrived: dict[str, Upload] = {}

    def read(text: bytes) -> Draft:
        parsed = parse(text)
        if not isinstance(parsed, dict):
            raise BadRequest("Document must be a JSON object")
        if id_ is not None and parsed.get("_id", id_) != id_:
            raise BadRequest("Document ID must match the one in the path")
        made = id_ or secrets.token_hex(16)
        return draft(members(text), parsed, limits=limits, new_edits=new_edits, id_=made, arrived=arrived)

    with ExitStack() as held:
        if boundary is None:
            text = await call.body()
        else:
            text, arrived = await multipart.receive(call, boundary, held)
        wanted: Draft = await in_thread(read, text)
        if given is not None:
            if wanted.rev not in {None, given}:
                raise BadRequest("Document rev from request body and query string have different values")
            wanted.rev = given
        for upload in arrived.values():
            await call.front.store.stage(upload.content)
        return await store_one(call, view, principal, wanted, new_edits=new_edits)


async def store_one(call: Call, view: View, principal: Principal, wanted: Draft, *, new_edits: bool) -> Answer:
    """Store one revision and answer as CouchDB does. Raises why it was not stored.

    With ``batch=ok`` it is stored all the same before it is answered; only the answer differs.
    """
    store = call.front.store
    outcome = (
        await store.database.write(lambda c: store.write_now(c, view, principal, [wanted], new_edits=new_edits))
    )[0]
    if isinstance(outcome, Rejected):
        raise outcome.error
    if call.query.get("batch") == "ok":
        return json_answer({"ok": True, "id": outcome.id}, 202)
    headers = {"etag": f'"{outcome.rev}"', "location": located(view, outcome.id)}
    return json_answer({"ok": True, "id": outcome.id, "rev": outcome.rev}, 200 if wanted.deleted else 201, headers)


async def delete(call: Call, view: View) -> Answer:
    """``DELETE /{db}/{id}?rev=``: the tombstone has no fields."""
    principal, (id_, _), rev = somebody(call), name(call), asked_rev(call)
    store = call.front.store

    def write(connection: Any) -> str:
        store.show_now(connection, view, id_, None, PLAIN)
        return store.put_now(connection, view, principal, id_, {}, rev=rev, deleted=True)

    new = await store.database.write(write)
    return json_answer({"ok": True, "id": id_, "rev": new}, 200, {"etag": f'"{new}"'})


async def form(call: Call, view: View) -> Answer:  # noqa: ARG001  every resource is called alike
    """``POST /{db}/{id}``: CouchDB's way for a page's form."""
    call.content_type("multipart/form-data")
    raise NotOffered("forms are not taken: PUT the document, and each attachment to /{db}/{id}/{name}")
