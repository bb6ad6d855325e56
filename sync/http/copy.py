"""``COPY``: a document under another id."""

import re
from typing import Final
from urllib.parse import parse_qsl, unquote

from sqlalchemy import Connection

from sync import revisions
from sync.access import View
from sync.documents import Draft, check_id
from sync.errors import BadRequest
from sync.http import local
from sync.http.document import asked_rev, located, name, somebody
from sync.http.wire import Answer, Call, json_answer
from sync.jsontext import parse
from sync.store.values import Rejected

LOCAL: Final = "_local/"
_ABSOLUTE: Final = re.compile("https?://")


async def copy(call: Call, view: View) -> Answer:
    """``COPY /{db}/{id}`` with ``Destination: other?rev=``: with its attachments, which are not stored again.

    Either may be a ``_local`` document; those have no attachments.
    """
    principal, (target, target_rev) = somebody(call), _destination(call)
    here, there = call.segments[1] == "_local", target.removeprefix(LOCAL)
    id_, rev = (local.name(call), None) if here else (name(call)[0], asked_rev(call))
    store = call.front.store

    def write(connection: Connection) -> str:
        if here:
            body = local.fields_of(store.local_now(connection, view, principal, id_))
            wanted = Draft(target, target_rev, deleted=False, body=body, parsed=parse(body))
        else:
            wanted = store.draft_of_now(connection, view, id_, rev, target, target_rev)
        if there != target:
            return store.put_local_now(connection, view, principal, there, target_rev, wanted.body)
        made = store.write_now(connection, view, principal, [wanted], new_edits=True)[0]
        if isinstance(made, Rejected):
            raise made.error
        return made.rev

    new = await store.database.write(write)
    headers = {"etag": f'"{new}"', "location": located(view, *([target] if there == target else ["_local", there]))}
    return json_answer({"ok": True, "id": target, "rev": new}, 201, headers)


def _destination(call: Call) -> tuple[str, str | None]:
    told = call.headers.get("destination")
    if told is None:
        raise BadRequest("Destination header is mandatory for COPY.")
    if _ABSOLUTE.match(told):
        raise BadRequest("Destination URL must be relative.")
    path, _, asked = told.partition("?")
    rev, target = dict(parse_qsl(asked)).get("rev"), unquote(path)
    if target.startswith(LOCAL):
        return LOCAL + local.check(target.removeprefix(LOCAL), call.front.limits), rev
    if rev is not None:
        revisions.check(rev)
    return check_id(target, call.front.limits), rev
