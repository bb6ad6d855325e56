"""Indexes in a database: its design documents of the language ``query``."""

from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy import Connection

from sync.access import Principal, View
from sync.errors import BadFind, NotFound
from sync.mango.index import PREFIX, Index, listed, of_design
from sync.selector import told
from sync.store.contract import DocumentStore
from sync.store.values import PLAIN, Range

_DESIGNS = Range(start=PREFIX, end="_design0", inclusive_end=False, counted=False)
Named = Callable[[Index], bool]


def whole(view: View) -> View:
    """Return the view of all of the database: what defines its indexes belongs to no scope."""
    return View(view.database, view.database)


def indexes_now(store: DocumentStore, connection: Connection, view: View) -> list[Index]:
    """Return the database's indexes. Raises ``DatabaseMissing``."""
    found, _ = store.list_now(connection, whole(view), _DESIGNS, PLAIN)
    return listed([index for each in found for index in of_design(each.id, orjson.loads(each.text))])


def create_now(store: DocumentStore, connection: Connection, view: View, principal: Principal, index: Index) -> bool:
    """Store the definition of ``index``; return whether it is new. Raises ``BadFind``, ``DatabaseMissing``."""
    id_ = index.design or ""
    stored = store.get_now(connection, view.database, id_)
    body: dict[str, Any] = {"language": "query"}
    rev = None
    if stored is not None and not stored.deleted:
        body, rev = dict(stored.body), stored.rev
        if body.get("language") != "query":
            reason = f"Existing design doc has an invalid language: {told(body.get('language'))}"
            raise BadFind("invalid_ddoc_lang", reason)
    views = body.get("views")
    views = dict(views) if isinstance(views, dict) else {}
    view_ = index.view()
    if views.get(index.name) == view_ and list(views[index.name]["map"]["fields"]) == list(view_["map"]["fields"]):
        return False
    body["views"] = {**views, index.name: view_}
    store.put_now(connection, whole(view), principal, id_, body, rev=rev, check=False)
    return True


def remove_now(store: DocumentStore, connection: Connection, view: View, principal: Principal, named: Named) -> None:
    """Remove the one index that ``named`` knows, and its design document with its last index. Raises ``NotFound``."""
    found = [index for index in indexes_now(store, connection, view) if not index.special and named(index)]
    if len(found) != 1:
        raise NotFound
    index = found[0]
    stored = store.get_now(connection, view.database, index.design or "")
    if stored is None or stored.deleted:
        raise NotFound
    body = dict(stored.body)
    body["views"] = {name: each for name, each in body["views"].items() if name != index.name}
    last = not body["views"] and set(body) == {"language", "views"}
    if not body["views"]:
        del body["views"]
    whole_, fields = whole(view), {} if last else body
    store.put_now(connection, whole_, principal, stored.id, fields, rev=stored.rev, check=False, deleted=last)
