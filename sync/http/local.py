"""``_local`` documents, where clients keep their checkpoints."""

from sync.access import Principal, View
from sync.documents import check_id
from sync.errors import BadDocumentId, BadRequest, TooLarge, Unauthorized
from sync.http.wire import Answer, Call, json_answer
from sync.jsontext import join, members, parse
from sync.limits import Limits


async def get(call: Call, view: View) -> Answer:
    """``GET /{db}/_local/{id}``."""
    store, id_, principal = call.front.store, name(call), _somebody(call)
    return Answer(200, await store.database.read(lambda c: store.local_now(c, view, principal, id_)) + b"\n")


async def put(call: Call, view: View) -> Answer:
    """``PUT /{db}/_local/{id}``."""
    store, id_, principal = call.front.store, name(call), _somebody(call)
    text = await call.body()
    fields = parse(text)
    if not isinstance(fields, dict):
        raise BadRequest("Document must be a JSON object")
    rev = fields.get("_rev", call.query.get("rev"))
    body = fields_of(text)
    if len(body) > call.front.limits.document:
        raise TooLarge(f"the document is larger than {call.front.limits.document} bytes")
    new = await store.database.write(lambda c: store.put_local_now(c, view, principal, id_, rev, body))
    return json_answer({"ok": True, "id": f"_local/{id_}", "rev": new}, 201)


async def delete(call: Call, view: View) -> Answer:
    """``DELETE /{db}/_local/{id}?rev=``."""
    store, id_, principal = call.front.store, name(call), _somebody(call)
    rev = call.query.get("rev") or call.headers.get("if-match", "").strip('"')
    await store.database.write(lambda c: store.delete_local_now(c, view, principal, id_, rev))
    return json_answer({"ok": True, "id": f"_local/{id_}", "rev": "0-0"})


def fields_of(text: bytes) -> bytes:
    """Return the text of a document without its ``_`` fields."""
    return join({field: value for field, value in members(text).items() if not field.startswith("_")})


def _somebody(call: Call) -> Principal:
    if call.principal is None:
        raise Unauthorized
    return call.principal


def name(call: Call) -> str:
    """Return the document's id, without ``_local/``, that the path has."""
    return check("/".join(call.segments[2:]), call.front.limits)


def check(id_: str, limits: Limits) -> str:
    """Return ``id_`` if it can name a local document. Raises ``BadDocumentId``."""
    if not id_:
        raise BadDocumentId("Illegal document id `_local/`")
    check_id(id_.lstrip("_") or "-", limits)
    return id_
