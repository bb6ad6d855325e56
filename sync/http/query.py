"""Query parameters, which CouchDB writes as JSON values without saying so."""

from collections.abc import Mapping
from typing import Any

from sync.errors import BadQuery, BadRequest
from sync.jsontext import parse


def is_true(query: Mapping[str, str], name: str) -> bool:
    """Tell whether a parameter is ``true``; where documents and feeds are asked for, anything else is as if absent."""
    return query.get(name) == "true"


def flag(query: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """Return a parameter that is ``true`` or ``false``."""
    text = query.get(name)
    if text is None:
        return default
    if text.lower() not in {"true", "false"}:
        raise BadQuery(f'Invalid boolean parameter: "{text[:40]}"')
    return text.lower() == "true"


def count(query: Mapping[str, str], name: str, default: int | None = None) -> int | None:
    """Return a parameter that is a number from 0."""
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > 15:  # noqa: PLR2004  below 2**53
        raise BadQuery(f'Invalid value for integer: "{text[:40]}"')
    if text.startswith("-"):
        raise BadQuery(f'Invalid value for positive integer: "{text[:40]}"')
    return int(text)


def seconds(query: Mapping[str, str], name: str, default: float) -> float:
    """Return a parameter that is a number of milliseconds, in seconds."""
    told = count(query, name)
    return default if told is None else told / 1000


def sequence(told: str) -> int:
    """Return a place in a feed. Raises ``BadRequest``."""
    if told in {"", "0", '"0"'}:
        return 0
    number = told.strip('"').partition("-")[0]
    if not number.isascii() or not number.isdecimal() or len(number) > 15:  # noqa: PLR2004  below 2**53
        raise BadRequest("Malformed sequence supplied in 'since' parameter.")
    return int(number)


def value(query: Mapping[str, str], name: str) -> Any:
    """Return a parameter that is a JSON value; ``None`` when it is absent."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return parse(text.encode())
    except UnicodeEncodeError as error:
        raise BadRequest("invalid UTF-8 JSON") from error


def texts(told: Any, name: str) -> list[str]:
    """Return ``told`` if it is a list of strings."""
    if not isinstance(told, list) or not all(isinstance(item, str) for item in told):
        raise BadRequest(f"`{name}` must be an array of strings")
    return told
