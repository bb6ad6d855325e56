"""Odd values: texts, numbers, JSON that is right, JSON that is nearly right, and what a query makes of them."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

T = TypeVar("T")

SECRET: Final = "周秘密-zq7f3"
"""Stands in bodies and names for what must never be in a log."""
TEXTS: Final = (
    "",
    " ",
    "a",
    "A/b",
    "走访",
    "\u0000",
    "a\u0000b",
    "\uffff",
    "𝒳\U0010ffff",
    "n\u0303",
    "a" * 300,
    "走" * 200,
    "_design/x",
    "_design/",
    "_local/y",
    "_id",
    "_",
    "__proto__",
    "constructor",
    "..",
    "../../etc/passwd",
    "%",
    "%00",
    "%2F",
    "null",
    "true",
    "NaN",
    "\u202e\u200b",
    "'; DROP TABLE document; --",
    "$gt",
    "a.b",
    "a\\.b",
    "\r\nX-Broken: yes",
    '"',
    "\\",
    "[]",
    "{}",
    "1-a",
    SECRET,
)
CHARACTERS: Final = [chr(code) for code in range(0x20, 0xD800, 181)]
"""Some of every script; few enough for the server's bounded caches to be full soon, so that what grows is a leak."""
NUMBERS: Final = (
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "25",
    "1.10",
    "1E5",
    "1e400",
    "-1e-400",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "1" + "0" * 400,
    "0." + "3" * 400,
)
NO_JSON: Final = (
    b"",
    b"{",
    b"[",
    b"nul",
    b"NaN",
    b"[NaN]",
    b'{"a":Infinity}',
    b'{"a":01}',
    b'{"a":1,}',
    b"{'a':1}",
    b'"\\ud800"',
    b'{"\\udfff":1}',
    b'{"a":"\\ud83d"}',
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b'{"a":"\xff"}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\xc0\x80"}',
    b'{"a":"\x01"}',
    b'{"a":1}{"b":2}',
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 260 + b"1" + b"}" * 260,
    b"1" * 20_000,
)
SIMPLE: Final = (b"null", b"true", b"false", b"0", b"[]", b"{}", b'""', b'"text"', b"[[]]", b'{"":{}}')


class Raw:
    """A piece of JSON as text: what no value of Python would be written as."""

    def __init__(self, text: str) -> None:
        self.text: Final = text


class Chance(random.Random):
    """The dice of one actor."""

    def some(self, part: float) -> bool:
        """Return ``True`` in ``part`` of all cases."""
        return self.random() < part

    def of(self, *makers: Callable[[], T]) -> T:
        """Return what one of ``makers`` makes."""
        return self.choice(makers)()

    def several(self, what: Callable[[], T], most: int = 4) -> list[T]:
        """Return up to ``most`` made things."""
        return [what() for _ in range(self.randint(0, most))]

    def text(self) -> str:
        """Return a text, odd more often than not."""
        return self.choice(TEXTS) if self.some(0.7) else self.choice(CHARACTERS) * self.randint(1, 9)

    def number(self) -> Raw:
        """Return a number as text."""
        return Raw(self.choice(NUMBERS))

    def value(self, depth: int = 3) -> Any:
        """Return any JSON value."""
        if depth == 0 or self.some(0.5):
            return self.of(self.text, self.number, lambda: self.choice([None, True, False]))
        if self.some(0.4):
            return [self.value(depth - 1) for _ in range(self.randint(0, 4))]
        return {self.text(): self.value(depth - 1) for _ in range(self.randint(0, 4))}

    def nearly(self, right: T, part: float = 0.06) -> T | Any:
        """Return ``right``, and sometimes anything else."""
        return self.value(2) if self.some(part) else right


def text_of(value: Any) -> str:
    """Return ``value`` as JSON; lone surrogates stay as escapes."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(k))}:{text_of(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(text_of, value)) + "]"
    return json.dumps(value, ensure_ascii=isinstance(value, str) and not value.isprintable())


def body_of(chance: Chance, value: Any) -> bytes:
    """Return ``value`` as a body: as it should be, doubled keys and oddities of white space included, or broken."""
    dice = chance.random()
    if dice < 0.04:
        return chance.choice(NO_JSON)
    if dice < 0.07:
        return chance.choice(SIMPLE)
    text = text_of(value)
    if dice < 0.10 and text.startswith("{") and len(text) > 2:
        text = text[:-1] + "," + text[1:]  # every key twice
    if dice < 0.12:
        text = text.replace(":", " :\r\n\t")
    raw = text.encode("utf-8", "replace")
    return mutated(chance, raw) if dice > 0.93 else raw


def mutated(chance: Chance, raw: bytes) -> bytes:
    """Return ``raw`` with a few bytes changed, taken out, put in or doubled."""
    told = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(told))
        end = min(len(told), at + chance.randint(0, 20))
        piece = chance.choice(
            [b"", bytes([chance.randint(0, 255)]), bytes(told[at:end]) * 2, b"\x00", b"\xff", b"\r\n", b'"', b"}"]
        )
        told[at:end] = piece
    return bytes(told)


def in_path(chance: Chance, name: str) -> str:
    """Return ``name`` as one segment of a path: encoded as it should be, or as somebody careless does."""
    dice = chance.random()
    if dice < 0.8:
        return quote(name, safe="")
    if dice < 0.86:
        return "".join(f"%{byte:02x}" for byte in name.encode("utf-8", "replace"))
    if dice < 0.92:
        return quote(name, safe="/:@!$&'()*+,;=")
    return quote(name, safe="") + chance.choice(
        ["%ff", "%00", "%2F", "%2f..", "%", "%zz", "%c3", "/", "//", ";x=1", "%0d%0a"]
    )


def in_query(chance: Chance, pairs: Sequence[tuple[str, str]]) -> str:
    """Return a query string of ``pairs``."""
    told = []
    for name, value in pairs:
        written = quote(value, safe="" if chance.some(0.9) else "/:@!$'()*+,;=[]{}")
        if chance.some(0.03):
            written += chance.choice(["%ff", "%00", "%", "%zz", "+", "%c3%28", "%ed%a0%80", ";", "%26x=1"])
        told.append(f"{quote(name, safe='_-')}={written}" if chance.some(0.98) else quote(name, safe="_-"))
    return chance.choice(["&"] * 30 + ["&&", ";", "?"]).join(told)
