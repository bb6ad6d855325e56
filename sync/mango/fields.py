"""Parts of documents, as the text that they came as: numbers keep their digits."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sync.selector import names

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ENCODER: Final = msgspec.json.Encoder()


def extract(text: bytes, fields: Sequence[str]) -> bytes:
    """Return an object with those of ``fields`` (paths with dots) that the document has, each where it was."""
    top = msgspec.Raw(text)
    out: dict[str, Any] = {}
    for field in fields:
        path = names(field)
        found = _at(top, path)
        if found is not None:
            _put(out, path, found)
    return _ENCODER.encode(out)


def _at(raw: msgspec.Raw, path: Sequence[str]) -> msgspec.Raw | None:
    for name in path:
        first = bytes(raw)[:1]
        if first == b"{":
            below = _OBJECT.decode(raw)
            if name not in below:
                return None
            raw = below[name]
        elif first == b"[" and name.isascii() and name.isdecimal() and len(name) < 10:  # noqa: PLR2004  no array is longer
            items = _ARRAY.decode(raw)
            if int(name) >= len(items):
                return None
            raw = items[int(name)]
        else:
            return None
    return raw


def _put(out: dict[str, Any], path: Sequence[str], found: msgspec.Raw) -> None:
    *above, last = path
    for name in above:
        below = out.setdefault(name, {})
        if not isinstance(below, dict):
            return  # a field above it is there as a whole
        out = below
    out[last] = found
