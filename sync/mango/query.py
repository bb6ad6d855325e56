"""What a request of ``_find`` or ``_explain`` asks for."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sync.errors import BadFind
from sync.mango.index import Sort, sort_of
from sync.selector import And, Node, Or, names, parse, told

LIMIT: Final = 25
"""Documents of one answer, unless the request says otherwise."""
LAZY: Final = "lazy"
"""Not known to CouchDB's ``_find``, but to its views: answer from the index as it is, then bring it up to date."""
NIL: Final = "nil"
"""The bookmark before the first page."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer ended: at the document ``id``, whose key in the index was ``key``."""

    key: bytes
    id: str

    def bookmark(self) -> str:
        """Return it as a text that means nothing to a client."""
        told_ = orjson.dumps([base64.b64encode(self.key).decode(), self.id])
        return base64.urlsafe_b64encode(told_).decode()

    @classmethod
    def of(cls, bookmark: str) -> "Place":
        """Return the place. Raises ``BadFind`` for what is no bookmark of ours."""
        try:
            key, id_ = orjson.loads(base64.b64decode(bookmark, altchars=b"-_", validate=True))
            if isinstance(id_, str) and isinstance(key, str):
                return cls(base64.b64decode(key, validate=True), id_)
        except (ValueError, TypeError, binascii.Error):
            pass
        raise BadFind("invalid_bookmark", f"Invalid bookmark value: {told(bookmark)}")


@dataclass(frozen=True, slots=True)
class Query:
    """A query whose parts are checked."""

    selector: Node
    nothing: bool
    """The selector is an ``$and`` or ``$or`` of nothing: CouchDB answers it with nothing."""
    options: Mapping[str, Any]
    """As the request gave them or as they are by default: for ``_explain``."""
    limit: int
    skip: int
    sort: Sort
    fields: tuple[str, ...]
    """None: whole documents."""
    use_index: tuple[str, ...]
    """A design document's name without ``_design/``, and an index in it; or only the first; or nothing."""
    place: Place | None
    bookmark: str
    conflicts: bool
    stats: bool
    update: bool
    """The index is brought up to date before it is asked."""
    lazy: bool
    """It is afterwards, when it was not before."""
    fallback: bool
    """Another index, or none, will do when the one to be used cannot be."""

    @property
    def descending(self) -> bool:
        """Whether the order is turned round."""
        return bool(self.sort) and self.sort[0][1] == "desc"


def asked(body: Mapping[str, Any]) -> Query:
    """Return what the body of a request asks for. Raises ``BadFind`` with CouchDB's words."""
    if "selector" not in body:
        raise BadFind("missing_required_key", "Missing required key: selector")
    for key in body:
        if key not in _OPTIONS and key != "selector":
            raise BadFind("invalid_key", f"Invalid key {key[:80]} for this request.")
    selector = parse(body["selector"])
    given = {key: read(body.get(key, default)) for key, (default, read) in _OPTIONS.items()}
    bookmark: str = given["bookmark"]
    return Query(
        selector=selector,
        nothing=body["selector"] != {} and selector in (And(()), Or(())),
        options={key: body.get(key, default) for key, (default, _) in _OPTIONS.items()},
        limit=given["limit"],
        skip=given["skip"],
        sort=given["sort"],
        fields=given["fields"],
        use_index=given["use_index"],
        place=None if bookmark == NIL else Place.of(bookmark),
        bookmark=bookmark,
        conflicts=given["conflicts"],
        stats=given["execution_stats"],
        update=given["update"] is True and not given["stale"],
        lazy=given["update"] == LAZY,
        fallback=given["allow_fallback"],
    )


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadFind("invalid_boolean", f"Invalid boolean value: {told(value)}")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise BadFind("invalid_non_neg_integer", f"{told(value)} is not an integer greater than or equal to zero")
    return value


def _positive(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise BadFind("invalid_pos_integer", f"{told(value)} is not an integer greater than zero")
    return value


def _fields(value: Any) -> tuple[str, ...]:
    if value == "all_fields":
        return ()
    if not isinstance(value, list):
        raise BadFind("invalid_fields", f"Fields must be an array of strings, not: {told(value)}")
    for field in value:
        if not isinstance(field, str):
            raise BadFind("invalid_field", f"Invalid JSON for field spec: {told(field)}")
        names(field)
    return tuple(dict.fromkeys(value))


def _use_index(value: Any) -> tuple[str, ...]:
    if value is None or value == []:
        return ()
    parts = value.removeprefix("_design/").split("/", 1) if isinstance(value, str) else value
    if not isinstance(parts, list) or len(parts) > 2 or not all(isinstance(part, str) and part for part in parts):  # noqa: PLR2004  design document and index
        raise BadFind("invalid_index_name", f"Invalid index name: {told(value)}")
    return (parts[0].removeprefix("_design/"), *parts[1:])


def _bookmark(value: Any) -> str:
    if value is None or value == "":
        return NIL
    if not isinstance(value, str):
        raise BadFind("invalid_bookmark", f"Invalid bookmark value: {told(value)}")
    return value


def _partition(value: Any) -> str:
    if value != "":
        raise BadFind("bad_request", "`partition` is not supported on this database")
    return ""


def _update(value: Any) -> Any:
    return value if isinstance(value, str) and value == LAZY else _flag(value)


def _stale(value: Any) -> bool:
    if value is not False and not (isinstance(value, str) and value in {"ok", "false"}):
        raise BadFind("invalid_ok_or_false_value", f"Invalid value for stale: {told(value)}")
    return bool(value == "ok")


_OPTIONS: Final[Mapping[str, tuple[Any, Callable[[Any], Any]]]] = {
    "use_index": ([], _use_index),
    "bookmark": (NIL, _bookmark),
    "limit": (LIMIT, _count),
    "skip": (0, _count),
    "sort": ([], sort_of),
    "fields": ([], _fields),
    "partition": ("", _partition),
    "r": (1, _positive),
    "conflicts": (False, _flag),
    "stale": (False, _stale),
    "update": (True, _update),
    "stable": (False, _flag),
    "execution_stats": (False, _flag),
    "allow_fallback": (True, _flag),
}
"""What a request may say beside its selector: the default, and what reads it. ``r`` and
``stable`` choose among copies, of which there is one here: they are only checked."""
