"""One revision on its way from the source to the target."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from uuid import uuid4

import msgspec
import orjson

from sync import jsontext
from sync.replicator.answers import Head, Stub


class Blob(Protocol):
    """An attachment's content that was fetched."""

    @property
    def length(self) -> int:
        """The number of bytes."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces. May be called again."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass(slots=True)
class Document:
    """A revision as the source gave it, and its attachments as far as they were fetched."""

    head: Head
    text: bytes
    ancestors: frozenset[str] = frozenset()
    """Revisions that the target may have: what they had attached need not travel again."""
    whole: bool = False
    """Whether every attachment must travel, because the target lacks what it seemed to have."""
    blobs: dict[str, Blob] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The document's id."""
        return self.head.id

    @property
    def rev(self) -> str:
        """The revision."""
        return self.head.rev

    @property
    def weight(self) -> int:
        """Bytes that it takes in a request, about."""
        return len(self.text) + sum(blob.length * 4 // 3 for blob in self.blobs.values())

    def absent(self) -> list[str]:
        """Return the names of the attachments that have to be fetched before it can be stored."""
        return [
            name
            for name, stub in self.head.attachments.items()
            if stub.data is None and name not in self.blobs and (self.whole or not self._kept(stub))
        ]

    def _kept(self, stub: Stub) -> bool:
        line = self.head.line()
        known = max((int(rev.partition("-")[0]) for rev in line[1:] if rev in self.ancestors), default=0)
        return 0 < stub.revpos <= known

    def inline(self) -> bytes:
        """Return its text with what was fetched inside."""
        if not self.blobs:
            return self.text
        return self._with(lambda blob: {"data": base64.b64encode(b"".join(blob.chunks())).decode()})

    def multipart(self) -> "Multipart":
        """Return it as ``multipart/related``, for what is too big to be put together in memory."""
        text = self._with(lambda blob: {"follows": True, "length": blob.length})
        order = [name for name in self._attachments() if name in self.blobs]
        types = {name: self.head.attachments[name].content_type for name in order}
        return Multipart(text, [(name, types[name], self.blobs[name]) for name in order])

    def close(self) -> None:
        """Let go of what was fetched."""
        for blob in self.blobs.values():
            blob.close()
        self.blobs.clear()

    def _attachments(self) -> dict[str, Any]:
        told: dict[str, Any] = orjson.loads(bytes(jsontext.members(self.text)["_attachments"]))
        return told

    def _with(self, content: Any) -> bytes:
        told = self._attachments()
        for name, blob in self.blobs.items():
            kept = {key: told[name][key] for key in ("content_type", "revpos", "digest") if key in told[name]}
            told[name] = {**kept, **content(blob)}
        members = jsontext.members(self.text)
        members["_attachments"] = msgspec.Raw(orjson.dumps(told))
        return jsontext.join(members)


class Multipart:
    """The body of a ``PUT`` whose attachments follow the document (CouchDB docs, "Creating Multiple Attachments")."""

    def __init__(self, text: bytes, parts: list[tuple[str, str, Blob]]) -> None:
        self._boundary: Final = uuid4().hex
        line = f"--{self._boundary}\r\n"
        self._first: Final = f"{line}Content-Type: application/json\r\n\r\n".encode() + text + b"\r\n"
        self._parts: Final = [
            (
                f"{line}Content-Type: {_clean(kind)}\r\nContent-Length: {blob.length}\r\n{_named(name)}\r\n".encode(),
                blob,
            )
            for name, kind, blob in parts
        ]
        self._last: Final = f"--{self._boundary}--".encode()

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers."""
        length = len(self._first) + sum(len(head) + blob.length + 2 for head, blob in self._parts) + len(self._last)
        return {
            "content-type": f'multipart/related; boundary="{self._boundary}"',
            "content-length": str(length),
        }

    def chunks(self) -> Iterator[bytes]:
        """Yield the body in pieces. May be called again."""
        yield self._first
        for head, blob in self._parts:
            yield head
            yield from blob.chunks()
            yield b"\r\n"
        yield self._last


def _named(name: str) -> str:
    told = "".join(c if c.isprintable() and c not in '"\\' else "_" for c in name)
    return f'Content-Disposition: attachment; filename="{told}"\r\n'


def _clean(kind: str) -> str:
    return kind.replace("\r", " ").replace("\n", " ")
