"""Many documents in one request: ``_bulk_docs``, ``_revs_diff``, ``_missing_revs``."""

import secrets
from collections import Counter
from collections.abc import Mapping
from functools import partial
from itertools import chain
from typing import Any, Final

import msgspec

from sync import revisions
from sync.access import View
from sync.documents import Draft, drafts
from sync.errors import BadRequest, TooLarge, Unauthorized
from sync.http import errors
from sync.http.wire import Answer, Call, in_thread, json_answer
from sync.jsontext import members, parse
from sync.limits import Limits
from sync.store.values import Outcome, Written


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A body of ``_bulk_docs``, each document as its text."""

    docs: list[msgspec.Raw]
    new_edits: bool = True


_ASKED: Final = msgspec.json.Decoder(_Asked)
_DOCS: Final = msgspec.json.Decoder(list[msgspec.Raw])


async def write(call: Call, view: View) -> Answer:
    """``POST /{db}/_bulk_docs``."""
    principal = call.principal
    if principal is None:
        raise Unauthorized
    limits = call.front.limits
    drafts, new_edits = await in_thread(lambda text: _drafts(text, limits), await call.json_text())
    store = call.front.store
    outcomes = await store.database.write(lambda c: store.write_now(c, view, principal, drafts, new_edits=new_edits))
    told = [_outcome(outcome) for outcome in outcomes if new_edits or not isinstance(outcome, Written)]
    return json_answer(told, 201)


def _drafts(text: bytes, limits: Limits) -> tuple[list[Draft], bool]:
    try:
        asked = _ASKED.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        asked = _checked(text)
    _count(asked.docs, limits)
    new_edits = asked.new_edits
    new_id = partial(secrets.token_hex, 16) if new_edits else None
    made = drafts(map(bytes, asked.docs), limits=limits, new_edits=new_edits, new_id=new_id)
    ids = [each.id for each in made]
    if len({*ids}) < len(ids) and max(Counter(ids).values()) > limits.same:
        raise TooLarge(f"more than {limits.same} revisions of one document in one request")
    return made, new_edits


def _checked(text: bytes) -> _Asked:
    """Return what is asked for beside what nobody asks for, or raise why it cannot be read."""
    told = parse(text)
    if not isinstance(told, dict):
        raise BadRequest("Request body must be a JSON object")
    docs, new_edits = told.get("docs"), told.get("new_edits", True)
    if docs is None:
        raise BadRequest("POST body must include `docs` parameter.")
    if not isinstance(docs, list):
        raise BadRequest("`docs` parameter must be an array.")
    if not isinstance(new_edits, bool):
        raise BadRequest("`new_edits` parameter must be a boolean.")
    try:
        return _Asked(_DOCS.decode(members(text)["docs"]), new_edits)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest("invalid UTF-8 JSON") from error


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Written):
        return {"ok": True, "id": outcome.id, "rev": outcome.rev}
    told = {"id": outcome.id, "error": errors.of(outcome.error)[1], "reason": outcome.error.reason}
    return told if outcome.rev is None else {**told, "rev": outcome.rev}


async def revs_diff(call: Call, view: View) -> Answer:
    """``POST /{db}/_revs_diff``: which of these revisions are not here."""
    missing = await _missing(call, view)
    return json_answer(
        {
            id_: {"missing": revs, "possible_ancestors": ancestors} if ancestors else {"missing": revs}
            for id_, (revs, ancestors) in missing.items()
        }
    )


async def missing_revs(call: Call, view: View) -> Answer:
    """``POST /{db}/_missing_revs``."""
    missing = await _missing(call, view)
    return json_answer({"missing_revs": {id_: revs for id_, (revs, _) in missing.items()}})


async def _missing(call: Call, view: View) -> Mapping[str, tuple[list[str], list[str]]]:
    asked = await call.json_object()
    _count(asked, call.front.limits)
    if not {*map(type, asked.values())} <= {list}:
        raise BadRequest("each document's revisions must be an array of strings")
    if not revisions.sound(list(chain.from_iterable(asked.values()))):
        raise BadRequest("Invalid rev format")
    store = call.front.store
    return await store.database.read(lambda c: store.missing_now(c, view, asked))


def _count(asked: Any, limits: Limits) -> None:
    if len(asked) > limits.bulk:
        raise TooLarge(f"more than {limits.bulk} documents in one request")
