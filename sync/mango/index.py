"""Indexes: what a design document of the language ``query`` defines, and how a request asks for one.

An index is kept as CouchDB keeps it, so that it replicates: a view whose map is its definition. Here it decides which
sort orders a query may have and which warning it gets; the documents themselves are read through, not the index.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sync.errors import BadFind, NotOffered, SyncError
from sync.selector import And, Node, names, parse, shown, told

PREFIX: Final = "_design/"
FIELDS: Final = 32
"""Fields of one index, or of one sort."""

Sort = tuple[tuple[str, str], ...]
"""Fields with ``asc`` or ``desc``, the same for all of them."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index by fields. The one over all documents by id is :data:`ALL_DOCS`, which has no design document."""

    design: str | None
    """The id of its design document."""
    name: str
    sort: Sort
    partial: Node | None = None
    """Only documents that fulfil this are in it."""

    @property
    def special(self) -> bool:
        """Whether it is the one over all documents."""
        return self.design is None

    @property
    def key(self) -> tuple[str, str]:
        """What names it in its database."""
        return self.design or "", self.name

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields, in the order in which they sort."""
        return tuple(name for name, _ in self.sort)

    def shown(self) -> dict[str, Any]:
        """Return the index as ``_index`` lists it."""
        kind = "special" if self.special else "json"
        return {
            "ddoc": self.design,
            "name": self.name,
            "type": kind,
            "partitioned": False,
            "def": self.definition(),
        }

    def definition(self) -> dict[str, Any]:
        """Return its definition."""
        defined: dict[str, Any] = {"fields": [{name: way} for name, way in self.sort]}
        if self.partial is not None:
            defined["partial_filter_selector"] = shown(self.partial)
        return defined

    def view(self) -> dict[str, Any]:
        """Return what its design document has under ``views``, as CouchDB writes it."""
        defined: dict[str, Any] = {
            "fields": dict(self.sort),
            "partial_filter_selector": {} if self.partial is None else shown(self.partial),
        }
        options = {"def": {"fields": [name if way == "asc" else {name: way} for name, way in self.sort]}}
        return {"map": defined, "reduce": "_count", "options": options}


ALL_DOCS: Final = Index(None, "_all_docs", (("_id", "asc"),))


def sort_of(value: Any) -> Sort:
    """Return a list of fields, each with its direction. Raises ``BadFind``."""
    if not isinstance(value, list):
        raise BadFind("invalid_sort_json", f"Sort must be an array of sort specs, not: {told(value)}")
    if len(value) > FIELDS:
        raise BadFind("invalid_sort_json", f"More than {FIELDS} fields to sort by.")
    sort = tuple(map(_sorted_field, value))
    if len({way for _, way in sort}) > 1:
        raise BadFind("unsupported_mixed_sort", "Sorts currently only support a single direction for all fields.")
    return sort


def _sorted_field(value: Any) -> tuple[str, str]:
    name, way = value, "asc"
    if isinstance(value, dict) and len(value) == 1:
        ((name, way),) = value.items()
        if not isinstance(way, str) or way not in {"asc", "desc"}:
            raise BadFind("invalid_sort_dir", f"Invalid sort direction: {told(way)}")
    if not isinstance(name, str) or not name:
        raise BadFind("invalid_sort_field", f"Invalid sort field: {told(value)}")
    names(name)
    return name, way


def of_design(id_: str, body: Mapping[str, Any]) -> list[Index]:
    """Return the indexes that a design document defines; none when it is of another kind, or holds nonsense."""
    views = body.get("views")
    if body.get("language") != "query" or not isinstance(views, dict):
        return []
    found = (_of_view(id_, name, view) for name, view in views.items())
    return [index for index in found if index is not None]


def _of_view(id_: str, name: str, view: Any) -> Index | None:
    try:
        defined = view["map"]
        fields, partial = defined["fields"], defined.get("partial_filter_selector")
        sort = sort_of([{field: way} for field, way in fields.items()])
        node = parse(partial) if partial else None
    except (KeyError, TypeError, AttributeError, SyncError):
        return None
    return Index(id_, name, sort, None if node == And(()) else node) if sort else None


def asked(body: Mapping[str, Any]) -> Index:
    """Return the index that the body of ``POST _index`` asks for. Raises ``BadFind``, ``NotOffered``."""
    known = {"index", "type", "name", "ddoc", "w", "partitioned"}
    for key in body:
        if key not in known:
            raise BadFind("invalid_key", f"Invalid key {key[:80]} for this request.")
    if "index" not in body:
        raise BadFind("missing_required_key", "Missing required key: index")
    kind = body.get("type", "json")
    if isinstance(kind, str) and kind in {"text", "nouveau"}:
        raise NotOffered("there are no text indexes here: make one of the type json, and use $regex or $beginsWith")
    if kind != "json":
        raise BadFind("invalid_index", f"Invalid type for index: {told(kind)}")
    if body.get("partitioned", False) is not False:
        raise NotOffered("databases here are not partitioned")
    sort, partial = _definition(body["index"])
    canonical = orjson.dumps([sort, None if partial is None else shown(partial)])
    made = hashlib.sha1(canonical, usedforsecurity=False).hexdigest()
    design, name = _named(body, "ddoc", made), _named(body, "name", made)
    return Index(design if design.startswith(PREFIX) else PREFIX + design, name, sort, partial)


def _definition(defined: Any) -> tuple[Sort, Node | None]:
    if not isinstance(defined, dict):
        raise BadFind("invalid_index", f"JSON indexes must be an object, not: {told(defined)}")
    for key in defined:
        if key not in {"fields", "partial_filter_selector"}:
            raise BadFind("invalid_key", f"Invalid key {key[:80]} for this request.")
    if "fields" not in defined:
        raise BadFind("missing_required_key", "Missing required key: fields")
    sort = sort_of(defined["fields"])
    if not sort:
        raise BadFind("invalid_index", "An index needs a field at least.")
    if len(dict(sort)) < len(sort):
        raise BadFind("invalid_index", "An index has each field once.")
    partial = parse(defined.get("partial_filter_selector", {}))
    return sort, None if partial == And(()) else partial


def _named(body: Mapping[str, Any], key: str, made: str) -> str:
    name = body.get(key, made)
    if not isinstance(name, str):
        raise BadFind("invalid_string", f"Invalid string: {told(name)}")
    if not name.removeprefix(PREFIX) or "\0" in name:
        raise BadFind("invalid_index_name", f"Invalid index name: {told(name)}")
    return name


def listed(defined: Sequence[Index]) -> list[Index]:
    """Return the index over all documents and then ``defined``, by design document and name."""
    return [ALL_DOCS, *sorted(defined, key=lambda index: index.key)]
