"""A lean client: one connection, answers read whole and not parsed beyond what the next request needs."""

import base64
import http.client
import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

JSON = "application/json"


class Peer:
    """The server at ``url``: ``http://name:password@host:port/path``, by default ``admin:pass``."""

    def __init__(self, url: str) -> None:
        told = urlsplit(url)
        secret = f"{unquote(told.username or 'admin')}:{unquote(told.password or 'pass')}".encode()
        self.name = f"{told.hostname}:{told.port}{told.path}"
        self._path = told.path.rstrip("/")
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(secret).decode(),
            "Content-Type": JSON,
            "Accept": JSON,
        }
        self._connection = http.client.HTTPConnection(told.hostname or "", told.port, timeout=600)

    def rested(self) -> None:
        """Connect anew at the next call: while the others had their turn the server may have hung up."""
        self._connection.close()

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = JSON) -> bytes:
        headers = self._headers if kind == JSON else {**self._headers, "Content-Type": kind, "Accept": "*/*"}
        self._connection.request(method, self._path + path, body, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status not in {200, 201, 202}:
            raise SystemExit(f"{self.name}: {method} {path}: {answer.status} {data[:200]!r}")
        return data

    def upload(self, path: str, content: Iterable[bytes], length: int, rev: str = "") -> None:
        """Send an attachment piece by piece."""
        headers = {**self._headers, "Content-Type": "application/octet-stream", "Content-Length": str(length)}
        self._connection.request("PUT", self._path + path + (rev and f"?rev={rev}"), content, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        assert answer.status == HTTPStatus.CREATED, data

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield an answer piece by piece."""
        self._connection.request("GET", self._path + path, headers={**self._headers, "Accept": "*/*"})
        answer = self._connection.getresponse()
        while piece := answer.read(1 << 18):
            yield piece

    def json(self, method: str, path: str, body: bytes | None = None) -> Any:
        return json.loads(self.call(method, path, body))
