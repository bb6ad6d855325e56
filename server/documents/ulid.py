"""ULIDs: 26 characters of Crockford's base 32, 48 bits of time and 80 of chance (github.com/ulid/spec)."""

import secrets
from datetime import datetime
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PATTERN: Final = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
"""A regular expression for one ULID (upper case; the first digit stays below 8, else it would not fit 128 bits)."""

_RANDOM_BITS: Final = 80
_DIGITS: Final = 26


def ulid(at: datetime, chance: int | None = None) -> str:
    """Return a ULID for the aware time ``at``; ``chance`` (80 bits) makes it repeatable, by default it is random."""
    value = int(at.timestamp() * 1000) << _RANDOM_BITS | (secrets.randbits(_RANDOM_BITS) if chance is None else chance)
    digits = [ALPHABET[value >> 5 * place & 31] for place in reversed(range(_DIGITS))]
    return "".join(digits)
