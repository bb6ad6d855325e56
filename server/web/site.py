"""The built phone application as a browser may ask for it: no sockets in here, only files and headers.

Files under ``assets/`` have their content's hash in their names and never change: browsers keep them for ever. All
else, the page and the worker above all, is asked for again each time and answered 304 when it is still the same.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HASHED: Final = "assets/"
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"
ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Encodings, best first, and the endings of the files that hold them."""
COMPRESSIBLE: Final = ("text/", "application/javascript", "application/json", "application/manifest+json", "image/svg")
WORTH_IT: Final = 1024
"""Bytes from which compressing pays."""

_TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What matters of a request. ``path`` has no leading slash; ``navigation``: a person opens a page."""

    path: str
    navigation: bool = False
    encodings: frozenset[str] = frozenset()
    known_etags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with its headers and body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class _Loaded:
    stamp: tuple[int, int]
    body: bytes
    etag: str


class Site:
    """The files below ``root``, read once and kept until they change on disk."""

    def __init__(self, root: Path) -> None:
        self._root: Final = root.resolve()
        self._kept: Final[dict[tuple[str, str], _Loaded]] = {}

    @property
    def built(self) -> bool:
        """Whether there is a page to serve."""
        return (self._root / "index.html").is_file()

    def answer(self, asked: Asked) -> Answer | None:
        """Return the file that ``asked`` names, the page for a navigation, or ``None`` (404)."""
        file = self._file(asked.path or "index.html")
        if file is None and asked.navigation and "." not in asked.path.rsplit("/", 1)[-1]:
            file = self._file("index.html")
        return None if file is None else self._serve(file, asked)

    def _file(self, path: str) -> Path | None:
        if any(part.startswith(".") or "\0" in part for part in path.split("/")):
            return None  # "..", and what the build keeps for itself
        file = self._root / path
        try:
            inside = file.is_file() and file.resolve().is_relative_to(self._root)
        except OSError:  # a name longer than any file's
            return None
        return file if inside and file.suffix not in {".br", ".gz"} else None

    def _serve(self, file: Path, asked: Asked) -> Answer:
        kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        loaded, encoding = self._best(file, kind, asked.encodings)
        headers = {
            "Cache-Control": FOREVER if file.relative_to(self._root).as_posix().startswith(HASHED) else ASK_AGAIN,
            "ETag": loaded.etag,
            "Vary": "Accept-Encoding",
        }
        if loaded.etag in asked.known_etags:
            return Answer(304, headers)
        headers["Content-Type"] = kind
        if encoding:
            headers["Content-Encoding"] = encoding
        return Answer(200, headers, loaded.body)

    def _best(self, file: Path, kind: str, accepted: frozenset[str]) -> tuple[_Loaded, str]:
        """Return the file in the best encoding that is accepted: a sibling that the build made, else gzip made here."""
        for encoding, ending in ENCODINGS:
            sibling = file.with_name(file.name + ending)
            if encoding in accepted and sibling.is_file():
                return self._load(sibling, ""), encoding
        plain = self._load(file, "")
        if "gzip" in accepted and kind.startswith(COMPRESSIBLE) and len(plain.body) >= WORTH_IT:
            return self._load(file, "gzip"), "gzip"
        return plain, ""

    def _load(self, file: Path, made: str) -> _Loaded:
        stat = file.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        kept = self._kept.get((str(file), made))
        if kept is None or kept.stamp != stamp:
            body = file.read_bytes()
            if made:
                body = gzip.compress(body, mtime=0)
            kept = _Loaded(stamp, body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')
            self._kept[str(file), made] = kept
        return kept


def accepted(header: str) -> frozenset[str]:
    """Return the content codings that an ``Accept-Encoding`` header allows (RFC 9110, 12.5.3), without ``*``."""
    found = set()
    for each in header.split(","):
        name, _, weight = each.partition(";")
        refused = weight and not weight.replace(" ", "").removeprefix("q=").rstrip("0.")
        if name.strip() and not refused:
            found.add(name.strip().lower())
    return frozenset(found)


def etags(header: str) -> frozenset[str]:
    """Return the entity tags of an ``If-None-Match`` header; weak ones count as strong, as RFC 9110 13.1.2 has it."""
    return frozenset(each.strip().removeprefix("W/") for each in header.split(",") if each.strip())
