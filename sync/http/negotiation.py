"""What a client takes: media types, encodings, ranges. The rules are those of Apache CouchDB's server, mochiweb."""

import re
from collections.abc import Mapping
from typing import Final

from sync.errors import RangeNotSatisfiable

MIXED: Final = "multipart/mixed"
RELATED: Final = "multipart/related"
MOST_RANGES: Final = 9
"""Ranges in one request; for more, all of the attachment is sent."""
_RANGE: Final = re.compile(r"([0-9]{1,15})?-([0-9]{1,15})?\Z")


def accepts(headers: Mapping[str, str], media_type: str) -> bool:
    """Tell whether the client takes ``media_type``; one that does not say what it takes, takes all."""
    family = media_type.partition("/")[0] + "/*"
    told = dict(_qualities(headers.get("accept", "*/*").replace(" ", "")))
    if 0.0 in {told.get(media_type), told.get(family)}:
        return False
    return any(told.get(each, 0.0) > 0 for each in (media_type, family, "*/*"))


def accepts_gzip(headers: Mapping[str, str]) -> bool:
    """Tell whether the client takes content packed with gzip; it has to say so."""
    told = dict(_qualities(headers.get("accept-encoding", "").replace(" ", "")))
    return told.get("gzip", told.get("*", 0.0)) > 0


def _qualities(header: str) -> list[tuple[str, float]]:
    found = []
    for part in header.lower().split(","):
        name, *parameters = part.split(";")
        quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            found.append((name, float(quality)))
        except ValueError:
            found.append((name, 0.0))
    return found


def ranges(header: str | None, length: int) -> list[tuple[int, int]] | None:
    """Return the ranges of bytes asked for, first and last of each; ``None``: all is to be sent.

    A header that does not parse is as none. Raises ``RangeNotSatisfiable``.
    """
    unit, _, told = (header or "").replace(" ", "").partition("=")
    matches = [_RANGE.match(part) for part in told.split(",")]
    if unit != "bytes" or len(matches) > MOST_RANGES:
        return None
    found: list[tuple[int, int]] = []
    for match in matches:
        if match is None or match[0] == "-":
            return None
        if match[1] is None:
            first, last = max(0, length - int(match[2])), length - 1
        else:
            first, last = int(match[1]), min(int(match[2] or length), length - 1)
        if match[0] == "0-":
            return None
        if last < first:
            raise RangeNotSatisfiable
        found.append((first, last))
    return found
