"""JSON that comes back as it went in.

Every JSON library of Python changes some number on the way through: digits of great integers, ``1.10``, ``1E5``. So a
document is read twice: once to be checked and understood, once to be cut at its first level into pieces of text,
which are stored and sent as they came.
"""

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final

import msgspec
import orjson

from sync.errors import BadRequest

Members = dict[str, msgspec.Raw]
"""An object's fields, each value as the JSON text that it came as."""

WRITTEN: Final = 200
"""Levels of nesting that are always written; it reads a thousand and writes 254."""
AROUND: Final = 254 - WRITTEN
_MEMBERS: Final = msgspec.json.Decoder(Members)
_DELICATE: Final = re.compile(rb"[:,\[][ \t\r\n]*-(?:0|[0-9]*)|[:,\[][ \t\r\n]*[0-9]+(?:[.eE]|[0-9]{15})")


def parse(text: bytes) -> Any:
    """Return the value of a JSON text. Raises ``BadRequest`` for what is no JSON: NaN and lone surrogates too."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest("invalid UTF-8 JSON") from error


def parse_flat(text: bytes) -> Any:
    """Return the value of a JSON text that is a request, not a document: parts of it will be written into an answer.

    Raises ``BadRequest``, also for what is nested more deeply than orjson writes inside of something else.
    """
    value = parse(text)
    if text.count(b"[") + text.count(b"{") > WRITTEN:
        inside = value
        for _ in range(AROUND):
            inside = [inside]
        try:
            orjson.dumps(inside)
        except orjson.JSONEncodeError as error:
            raise BadRequest("the request is nested too deeply") from error
    return value


def members(text: bytes) -> Members:
    """Cut the text of one JSON object, already checked by :func:`parse`, into its fields."""
    try:
        return _MEMBERS.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest("invalid UTF-8 JSON") from error


join: Final[Callable[[Mapping[str, msgspec.Raw]], bytes]] = msgspec.json.Encoder().encode
"""Return the text of the object with these fields, in their order."""


def splice(head: bytes, body: bytes) -> bytes:
    """Return one object of the fields of ``head`` (``"a":1,"b":2`` without braces) followed by those of ``body``."""
    return b"{" + head + b"}" if len(body) == len(b"{}") else b"{" + head + b"," + body[1:]


quoted: Final = encode_basestring
"""Return a string as JSON text."""


def canonical(text: bytes, value: Any) -> bytes:
    """Return one text for all the ways to write the JSON ``text``, whose value is ``value``.

    The order of fields, white space and escapes do not count; the digits of a number do. Raises ``BadRequest`` for what
    is nested too deeply to be written.
    """
    if _DELICATE.search(text) is None:
        with contextlib.suppress(orjson.JSONEncodeError):  # it reads deeper nesting than it writes
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    try:
        exact = json.loads(text, parse_float=Decimal)
        written = json.dumps(
            exact, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=lambda number: f"\0{number}"
        )
    except RecursionError as error:
        raise BadRequest("the document is nested too deeply") from error
    return written.encode()
