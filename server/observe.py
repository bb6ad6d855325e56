"""What surrounds every request: its id, its line in the log, its place in the metrics, and the headers of safety.

The log knows the route's template and never the path: ``/api/visits/{id}`` says nothing about whose visit it was. No
query string, no body, no cookie, no name and no address is written.
"""

import secrets
import time
from typing import Any, Final

import structlog
from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.types import HTTPScope, Message, Receive, Send

from server.metrics import Metrics
from server.origin import see_through_proxies
from server.web.schema_page import STYLE_HASH

UNMATCHED: Final = "unmatched"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "COPY"})
QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that machines ask every few seconds: only their failures are logged."""

RESOURCES: Final = frozenset(
    {"_all_dbs", "_all_docs", "_bulk_docs", "_bulk_get", "_changes", "_compact", "_design"}
    | {"_digest", "_ensure_full_commit", "_explain", "_find", "_index", "_local", "_local_docs"}
    | {"_missing_revs", "_purge", "_revs_diff", "_revs_limit", "_security", "_session", "_up", "_uuids"}
)
"""Resources of replication that are counted by their names."""

CSP: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        f"style-src 'self' '{STYLE_HASH}'",
        "style-src-attr 'unsafe-inline'",
        "connect-src 'self' blob: data:",
        "worker-src 'self'",
        "manifest-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Final = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}

_log: Final = structlog.get_logger("server.requests")


class Application(Litestar):
    """A Litestar application in which every request is observed, also one that no route matches."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] == "http":
            see_through_proxies(scope, self.state.settings.trusted_proxies)
            await _Observed(self, scope, send).run(super().__call__, receive)
        else:
            await super().__call__(scope, receive, send)


class _Observed:
    """One request under way."""

    def __init__(self, app: Litestar, scope: HTTPScope, send: Send) -> None:
        self._metrics: Final[Metrics] = app.state.metrics
        self._scope: Final = scope
        self._send: Final = send
        self._path: Final = scope["path"]  # a mount cuts it
        self._status = 0
        self._feed = ""
        self._id: Final = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = self._id

    async def run(self, app: Any, receive: Receive) -> None:
        began = time.perf_counter()
        self._open_feed(_feed_asked(self._scope))
        try:
            await app(self._scope, receive, self._on_send)
        finally:
            if self._feed:
                self._metrics.open_feeds.labels(self._feed).dec()
            self._record(time.perf_counter() - began)

    async def _on_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableScopeHeaders(message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self._scope["scheme"] == "https":
                headers.setdefault("strict-transport-security", "max-age=31536000")
            if self._path.startswith("/api"):
                headers.setdefault("cache-control", "no-store")
            headers["x-request-id"] = self._id
            if headers.get("content-type", "").startswith("text/event-stream"):
                self._open_feed("eventsource")
        await self._send(message)

    def _open_feed(self, kind: str) -> None:
        if kind and not self._feed:
            self._feed = kind
            self._metrics.open_feeds.labels(kind).inc()

    def _record(self, seconds: float) -> None:
        route = _sync_route(self._path) or self._scope.get("path_template") or UNMATCHED
        method = self._scope["method"] if self._scope["method"] in METHODS else "other"
        self._metrics.requests.labels(method, route, str(self._status)).inc()
        if not self._feed:
            self._metrics.seconds.labels(method, route).observe(seconds)
        if route not in QUIET or self._status >= 400:  # noqa: PLR2004
            ms = round(seconds * 1000, 1)
            _log.info("request", request_id=self._id, method=method, route=route, status=self._status, ms=ms)


def _sync_route(path: str) -> str:
    """Return the template of a replication path: names of databases and documents are nobody's business here."""
    if path != "/sync" and not path.startswith("/sync/"):
        return ""
    parts = path.removeprefix("/sync").strip("/").split("/")
    if len(parts) == 1:
        return f"/sync/{parts[0] if parts[0] in RESOURCES else '{db}' if parts[0] else ''}"
    return f"/sync/{{db}}/{parts[1] if parts[1] in RESOURCES else '{doc}'}"


def _feed_asked(scope: HTTPScope) -> str:
    """Return the kind of change feed that stays open, as the query asks for it, else ""."""
    if not scope["path"].endswith("/_changes"):
        return ""
    query = f"&{scope['query_string'].decode('latin-1')}&"
    return next((kind for kind in ("longpoll", "continuous", "eventsource") if f"&feed={kind}&" in query), "")
