"""What a replication is asked for: the fields of ``POST /_replicate`` and of ``_replicator`` documents, checked."""

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

import orjson

from sync.errors import BadRequest, Forbidden

SECRET: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that say who asks: never shown, and no part of what a replication is."""
HOP: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
"""Headers that are the connection's own."""
LINK_LOCAL: Final = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))
"""Where clouds keep credentials for whoever asks from inside."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One database: of this server (``name``) or of another (``url``, without credentials or a slash at its end)."""

    name: str | None = None
    url: str | None = None
    auth: tuple[str, str] | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def shown(self) -> str:
        """What logs, tasks and lists show of it."""
        return self.name if self.name is not None else f"{self.url}/"

    def identity(self) -> list[Any]:
        """Return what makes it this database and no other: a changed password does not."""
        told = [[name, value] for name, value in sorted(self.headers) if name not in SECRET]
        return [self.name, self.url, self.auth[0] if self.auth else None, told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """Everything that decides what is replicated, and how."""

    source: Endpoint
    target: Endpoint
    create_target: bool = False
    continuous: bool = False
    doc_ids: tuple[str, ...] | None = None
    selector: Mapping[str, Any] | None = None
    filter: str | None = None
    query_params: Mapping[str, str] = field(default_factory=dict)
    since_seq: Any = None
    winning_revs_only: bool = False
    use_checkpoints: bool = True
    checkpoint_interval: float | None = None
    """Seconds."""
    batch_size: int = 500

    def base_id(self, uuid: str) -> str:
        """Return the id under which checkpoints are kept: the same for the same work by the same server.

        ``uuid`` is this server's.
        """
        told = [uuid, self.source.identity(), self.target.identity()]
        told.append([self.filter, dict(self.query_params), self.doc_ids and sorted(self.doc_ids), self.selector])
        if self.winning_revs_only:
            told.append(["winning_revs_only"])
        text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        return hashlib.md5(text, usedforsecurity=False).hexdigest()

    def id(self, uuid: str) -> str:
        """Return the job's id: the base id and how it is run."""
        return (
            self.base_id(uuid)
            + ("+continuous" if self.continuous else "")
            + ("+create_target" if self.create_target else "")
        )


def parse(told: Mapping[str, Any], hosts: Sequence[str] = ()) -> Replication:
    """Return the replication that ``told`` asks for. ``hosts`` are the servers allowed (see the settings).

    Raises ``BadRequest``, or ``Forbidden`` for a host that is not allowed.
    """
    filters = [name for name in ("doc_ids", "selector", "filter") if told.get(name) is not None]
    if len(filters) > 1 and not (set(filters) == {"doc_ids", "filter"} and told["filter"] == "_doc_ids"):
        raise BadRequest(f"`{filters[0]}` is incompatible with `{filters[1]}`")
    interval = _number(told, "checkpoint_interval", 100, 3_600_000)
    filter_ = _typed(told, "filter", str)
    return Replication(
        source=endpoint(told.get("source"), "source", hosts),
        target=endpoint(told.get("target"), "target", hosts),
        create_target=_flag(told, "create_target", default=False),
        continuous=_flag(told, "continuous", default=False),
        doc_ids=_doc_ids(told.get("doc_ids")),
        selector=_typed(told, "selector", dict),
        filter=None if told.get("doc_ids") is not None else filter_,
        query_params={name: _text(value) for name, value in (_typed(told, "query_params", dict) or {}).items()},
        since_seq=told.get("since_seq"),
        winning_revs_only=_flag(told, "winning_revs_only", default=False),
        use_checkpoints=_flag(told, "use_checkpoints", default=True),
        checkpoint_interval=None if interval is None else interval / 1000,
        batch_size=_number(told, "worker_batch_size", 1, 2000) or 500,
    )


def endpoint(told: Any, which: str, hosts: Sequence[str] = ()) -> Endpoint:
    """Return what ``source`` or ``target`` names: a database's name, a URL, or ``{"url", "headers", "auth"}``."""
    given = told if isinstance(told, dict) else {"url": told}
    url = given.get("url")
    if not isinstance(url, str) or not url:
        raise BadRequest(f"`{which}` must be the name of a database, a URL, or an object with `url`")
    if "://" not in url:
        if isinstance(told, dict):
            raise BadRequest(f"`{which}.url` must begin with http:// or https://")
        return Endpoint(name=url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadRequest(f"`{which}` is no URL") from error
    if parts.scheme not in {"http", "https"} or not host or not parts.path.strip("/") or parts.query or parts.fragment:
        raise BadRequest(f"`{which}` must be the http or https URL of a database")
    allow(host, hosts)
    place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port and port != _PORTS[parts.scheme] else "")
    clean = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username is not None else None
    return Endpoint(url=clean, auth=_basic(given.get("auth"), which) or auth, headers=_headers(given, which))


_PORTS: Final = {"http": 80, "https": 443}


def allow(host: str, hosts: Sequence[str]) -> None:
    """Raise ``Forbidden`` unless ``host`` is one of ``hosts``; without any, unless it is a link-local address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if not hosts:
        if address is not None and any(address in network for network in LINK_LOCAL):
            raise Forbidden(f"this server does not replicate with {host}: a link-local address")
        return
    for each in hosts:
        if each == host or (each.startswith(".") and host.endswith(each)):
            return
        if address is not None:
            try:
                network = ipaddress.ip_network(each, strict=False)
            except ValueError:
                continue
            if address in network:
                return
    raise Forbidden(f"this server does not replicate with {host}: it is not among replicator.hosts")


def _basic(told: Any, which: str) -> tuple[str, str] | None:
    if told is None:
        return None
    basic = told.get("basic") if isinstance(told, dict) else None
    if not isinstance(basic, dict):
        raise BadRequest(f'`{which}.auth` must be {{"basic": {{"username", "password"}}}}')
    name, password = basic.get("username"), basic.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        raise BadRequest(f"`{which}.auth.basic` needs username and password")
    return name, password


def _headers(given: Mapping[str, Any], which: str) -> tuple[tuple[str, str], ...]:
    told = given.get("headers") or {}
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise BadRequest(f"`{which}.headers` must be an object of texts")
    lower = {name.lower(): value for name, value in told.items()}
    for name, value in lower.items():
        if name in HOP or not name.isascii() or not value.isascii() or any(c in name + value for c in "\r\n\0"):
            raise BadRequest(f"`{which}.headers` has one that cannot be sent: {name[:40]!r}")
    return tuple(sorted(lower.items()))


def _doc_ids(told: Any) -> tuple[str, ...] | None:
    if told is None:
        return None
    if not isinstance(told, list) or not all(isinstance(id_, str) and id_ for id_ in told):
        raise BadRequest("`doc_ids` must be an array of document ids")
    return tuple(dict.fromkeys(told))


def _flag(told: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = told.get(name, default)
    if not isinstance(value, bool):
        raise BadRequest(f"`{name}` must be true or false")
    return value


def _number(told: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    value = told.get(name)
    if value is None:
        return None
    if type(value) is not int or value < 1:
        raise BadRequest(f"`{name}` must be a number above 0")
    return min(max(value, least), most)


def _typed(told: Mapping[str, Any], name: str, kind: type) -> Any:
    value = told.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadRequest(f"`{name}` must be {'an object' if kind is dict else 'a text'}")
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
