"""``COPY``: a document under another id."""

import re
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from sync import revisions
from sync.access import View
from sync.documents import check_id
from sync.errors import BadRequest
from sync.http.document import asked_rev, located, name, somebody
from sync.http.wire import Answer, Call, json_answer
from sync.store.values import Outcome, Rejected

_ABSOLUTE: Final = re.compile("https?://")


async def copy(call: Call, view: View) -> Answer:
    """``COPY /{db}/{id}`` with ``Destination: other?rev=``: with its attachments, which are not stored again."""
    principal, (id_, _), rev = somebody(call), name(call), asked_rev(call)
    target, target_rev = _destination(call)
    store = call.front.store

    def write(connection: Any) -> Outcome:
        draft = store.draft_of_now(connection, view, id_, rev, target, target_rev)
        return store.write_now(connection, view, principal, [draft], new_edits=True)[0]

    made = await store.database.write(write)
    if isinstance(made, Rejected):
        raise made.error
    headers = {"etag": f'"{made.rev}"', "location": located(view, target)}
    return json_answer({"ok": True, "id": target, "rev": made.rev}, 201, headers)


def _destination(call: Call) -> tuple[str, str | None]:
    told = call.headers.get("destination")
    if told is None:
        raise BadRequest("Destination header is mandatory for COPY.")
    if _ABSOLUTE.match(told):
        raise BadRequest("Destination URL must be relative.")
    path, _, asked = told.partition("?")
    rev = dict(parse_qsl(asked)).get("rev")
    if rev is not None:
        revisions.check(rev)
    return check_id(unquote(path), call.front.limits), rev
