"""One document: read, write, delete; and writing one without naming it."""

import secrets
from typing import Any

from litestar.connection import ASGIConnection

from sync import revisions
from sync.access import Principal, View
from sync.documents import Draft, check_id, draft
from sync.errors import BadRequest, DocumentMissing, NotOffered, Unauthorized
from sync.http import query
from sync.http.wire import JSON, Answer, Call, in_thread, json_answer
from sync.jsontext import members, parse
from sync.store.values import Found, Rejected, Revision, Show


def name(call: Call) -> tuple[str, str | None]:
    """Return the document's id and the attachment's name, if any, that the path has."""
    head, *rest = call.segments[1:]
    if head == "_design" and rest:
        head, rest = f"_design/{rest[0]}", rest[1:]
    return check_id(head, call.front.limits), "/".join(rest) if rest else None


def asked_rev(call: Call) -> str | None:
    """Return the revision that the query or ``If-Match`` names. Raises ``BadRequest``."""
    rev = call.query.get("rev") or call.headers.get("if-match", "").strip('"') or None
    if rev is not None:
        revisions.parse(rev)
    return rev


def somebody(call: Call) -> Principal:
    """Return who asks. Raises ``Unauthorized``."""
    if call.principal is None:
        raise Unauthorized
    return call.principal


def etag_matches(connection: ASGIConnection[Any, Any, Any, Any], etag: str) -> bool:
    """Tell whether the client has this already."""
    told = connection.headers.get("if-none-match", "")
    return etag in [part.strip().removeprefix("W/") for part in told.split(",")]


def _show(call: Call) -> Show:
    flags = call.query
    meta = query.flag(flags, "meta")
    return Show(
        revs=query.flag(flags, "revs"),
        revs_info=meta or query.flag(flags, "revs_info"),
        conflicts=meta or query.flag(flags, "conflicts"),
        deleted_conflicts=meta or query.flag(flags, "deleted_conflicts"),
        local_seq=query.flag(flags, "local_seq"),
        attachments=query.flag(flags, "attachments"),
    )


async def get(call: Call, view: View) -> Answer:
    """``GET /{db}/{id}``."""
    if "open_revs" in call.query:
        return await _open_revs(call, view)
    id_, _ = name(call)
    rev, show, latest = call.query.get("rev"), _show(call), query.flag(call.query, "latest")
    if rev is not None:
        revisions.parse(rev)
    store = call.front.store
    found = await store.database.read(lambda c: store.show_now(c, view, id_, rev, show, latest=latest))
    etag = f'"{found.rev}"'
    plain = show == Show()
    if plain and etag_matches(call.connection, etag):
        return Answer(304, b"", {"etag": etag})
    return Answer(200, found.text + b"\n", {"etag": etag} if plain else {})


async def _open_revs(call: Call, view: View) -> Answer:
    id_, _ = name(call)
    told = call.query["open_revs"]
    revs = None if told == "all" else query.texts(query.value(call.query, "open_revs"), "open_revs")
    for rev in revs or ():
        revisions.parse(rev)
    accept = call.headers.get("accept", "*/*")
    if "multipart/mixed" in accept and JSON not in accept:
        raise NotOffered("open_revs is answered as JSON: ask with Accept: application/json")
    show, latest = _show(call), query.flag(call.query, "latest")
    store = call.front.store
    found = await store.database.read(lambda c: store.show_leaves_now(c, view, id_, revs, show, latest=latest))
    return Answer(200, b"[" + b",".join([_leaf(rev, revision) for rev, revision in found]) + b"]\n")


def _leaf(rev: str, found: Found) -> bytes:
    return b'{"ok":%b}' % found.text if isinstance(found, Revision) else b'{"missing":"%b"}' % rev.encode()


async def put(call: Call, view: View) -> Answer:
    """``PUT /{db}/{id}``."""
    id_, _ = name(call)
    return await _write(call, view, id_)


async def post(call: Call, view: View) -> Answer:
    """``POST /{db}``: store a document; one without an id gets one."""
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        await call.json_text()
    return await _write(call, view, None)


async def _write(call: Call, view: View, id_: str | None) -> Answer:
    principal = somebody(call)
    if call.headers.get("content-type", "").lower().startswith("multipart/"):
        raise NotOffered("send attachments inline as base64, or each by itself with PUT /{db}/{id}/{name}")
    new_edits = query.flag(call.query, "new_edits", default=True)
    given = asked_rev(call)
    text = await call.body()
    limits = call.front.limits

    def read(text: bytes) -> Draft:
        parsed = parse(text)
        if not isinstance(parsed, dict):
            raise BadRequest("Document must be a JSON object")
        if id_ is not None and parsed.get("_id", id_) != id_:
            raise BadRequest("Document ID must match the one in the path")
        return draft(members(text), parsed, limits=limits, new_edits=new_edits, id_=id_ or secrets.token_hex(16))

    wanted: Draft = await in_thread(read, text)
    if given is not None:
        if wanted.rev not in {None, given}:
            raise BadRequest("Document rev from request body and query string have different values")
        wanted.rev = given
    return await store_one(call, view, principal, wanted, new_edits=new_edits)


async def store_one(call: Call, view: View, principal: Principal, wanted: Draft, *, new_edits: bool) -> Answer:
    """Store one revision and answer as CouchDB does. Raises why it was not stored."""
    store = call.front.store
    outcome = (
        await store.database.write(lambda c: store.write_now(c, view, principal, [wanted], new_edits=new_edits))
    )[0]
    if isinstance(outcome, Rejected):
        raise outcome.error
    told = {"ok": True, "id": outcome.id, "rev": outcome.rev}
    return json_answer(told, 201, {"etag": f'"{outcome.rev}"'})


async def delete(call: Call, view: View) -> Answer:
    """``DELETE /{db}/{id}?rev=``: the tombstone has no fields."""
    principal, (id_, _), rev = somebody(call), name(call), asked_rev(call)
    store = call.front.store

    def write(connection: Any) -> str:
        if id_ not in store.winners_now(connection, view, [id_], Show()):
            raise DocumentMissing
        return store.put_now(connection, view, principal, id_, {}, rev=rev, deleted=True)

    new = await store.database.write(write)
    return json_answer({"ok": True, "id": id_, "rev": new}, 200, {"etag": f'"{new}"'})
