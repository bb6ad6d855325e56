"""An OpenAPI description of ``/sync``, made from the tables by which the server itself finds its resources.

The server answers ``/sync`` as one mount and describes nothing; this is for tools that ask by a description. Bodies are
described loosely, so that a tool sends what is nearly right.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sync.http import routes
from tests.fuzz.grammar import BOOLEANS, NUMBERS

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
OBJECT: Final[Schema] = {"type": "object"}
REVS: Final[Schema] = {"type": "object", "additionalProperties": TEXTS}
ERROR: Final[Schema] = {
    "type": "object",
    "required": ["error", "reason"],
    "properties": {"error": TEXT, "reason": TEXT},
}
DOCUMENT: Final[Schema] = {
    "type": "object",
    "properties": {
        "_id": TEXT,
        "_rev": {"type": "string", "pattern": "^[1-9]-[0-9a-f]{32}$"},
        "_deleted": {"type": "boolean"},
        "_attachments": {"type": "object", "additionalProperties": {"type": "object", "properties": {"data": TEXT}}},
    },
}
QUERY: Final[Schema] = {
    "type": "object",
    "required": ["selector"],
    "properties": {"selector": OBJECT, "limit": {"type": "integer"}, "sort": TEXTS, "fields": TEXTS, "bookmark": TEXT},
}
LISTING: Final[Schema] = {
    "type": "object",
    "properties": {"keys": TEXTS, "startkey": TEXT, "endkey": TEXT, "limit": {"type": "integer"}},
}
BODIES: Final[Mapping[str, Schema]] = {
    "": DOCUMENT,
    "_all_docs": LISTING,
    "_design_docs": LISTING,
    "_local_docs": LISTING,
    "_bulk_docs": {
        "type": "object",
        "required": ["docs"],
        "properties": {"docs": {"type": "array", "items": DOCUMENT}, "new_edits": {"type": "boolean"}},
    },
    "_bulk_get": {
        "type": "object",
        "required": ["docs"],
        "properties": {
            "docs": {"type": "array", "items": {"type": "object", "properties": {"id": TEXT, "rev": TEXT}}},
        },
    },
    "_changes": {"type": "object", "properties": {"doc_ids": TEXTS, "selector": OBJECT}},
    "_find": QUERY,
    "_explain": QUERY,
    "_index": {"type": "object", "properties": {"index": {"type": "object", "properties": {"fields": TEXTS}}}},
    "_missing_revs": REVS,
    "_revs_diff": REVS,
    "_purge": REVS,
    "_revs_limit": {"type": "integer"},
    "_purged_infos_limit": {"type": "integer"},
    "_dbs_info": {"type": "object", "properties": {"keys": TEXTS}},
    "_session": {"type": "object", "properties": {"name": TEXT, "password": TEXT}},
}
"""What a body looks like, by resource; any object where nothing is said."""
LEFT_OUT: Final = frozenset({"_replicate"})
"""It answers when a replication is done, or will not be tried again."""


def description(database: str, url: str) -> dict[str, Any]:
    """Return the description of the server at ``url``, with the resources of one database."""
    paths: dict[str, dict[str, Any]] = {}
    for path, methods, body in _resources(database):
        paths[path] = {method.lower(): _operation(path, method, body) for method in methods if method != "COPY"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "sync", "version": "1"},
        "servers": [{"url": url}],
        "paths": paths,
    }


def _resources(database: str) -> Iterator[tuple[str, list[str], Schema]]:
    for name, methods in routes.SERVER.items():
        if name not in LEFT_OUT:
            yield f"/{name}", list(methods), BODIES.get(name, OBJECT)
    for name, methods in routes.DATABASE.items():
        wanted = [method for method in methods if name or method != "DELETE"]
        yield f"/{database}/{name}".rstrip("/"), wanted, BODIES.get(name, OBJECT)
    for (head, rest), methods in routes.BELOW.items():
        queries = {"type": "object", "properties": {"queries": {"type": "array", "items": LISTING}}}
        yield f"/{database}/{head}/{rest}", list(methods), queries
    yield f"/{database}/_local/{{id}}", list(routes.LOCAL), DOCUMENT
    yield f"/{database}/_design/{{id}}", list(routes.DOCUMENT), DOCUMENT
    yield f"/{database}/{{id}}", list(routes.DOCUMENT), DOCUMENT
    yield f"/{database}/{{id}}/{{attachment}}", list(routes.ATTACHMENT), TEXT


def _operation(path: str, method: str, body: Schema) -> dict[str, Any]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
    parameters += [{"name": name, "in": "query", "schema": {"type": "boolean"}} for name in BOOLEANS]
    parameters += [{"name": name, "in": "query", "schema": {"type": "integer"}} for name in NUMBERS]
    parameters += [{"name": name, "in": "query", "schema": TEXT} for name in ("rev", "open_revs", "since", "filter")]
    error = {"description": "refused", "content": {"application/json": {"schema": ERROR}}}
    told: dict[str, Any] = {
        "operationId": f"{method} {path}",
        "parameters": parameters,
        "responses": {
            "2XX": {"description": "done"},
            "304": {"description": "same"},
            "4XX": error,
            "501": error,
            "503": error,
        },
    }
    if method in {"POST", "PUT"}:
        told["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return told
