"""Spreadsheet text in one spelling: half-width, no stray spaces, numerals as digits (pure)."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−－─━ー﹣～~"), "-")
_NUMERAL_RUN: Final = re.compile(r"[零〇○Ｏ一二三四五六七八九十百两]+")
_DIGITS: Final = {
    "零": 0, "〇": 0, "○": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4,
    "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
_UNITS: Final = {"十": 10, "百": 100}
_INVISIBLE: Final = re.compile(r"[\u200b-\u200f\u2060\ufeff\x00-\x08\x0b-\x1f]")

Cell = object
"""What a reader hands over for one cell: ``str``, ``int``, ``float``, ``bool``, a date or time, or ``None``."""


def plain(value: Cell) -> str:
    """Return a cell as text: full-width forms narrowed, dashes alike, spaces collapsed, ``501.0`` as ``"501"``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if not isinstance(value, str):
        return str(value)
    if value.isascii() and value.isalnum():
        return value
    return _narrowed(value)


@lru_cache(maxsize=4096)  # a cell is looked at three times in a row, and remarks repeat
def _narrowed(value: str) -> str:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", value)).translate(_DASHES)
    return " ".join(text.split())


def compact(value: Cell) -> str:
    """Return :func:`plain` text without any space."""
    return plain(value).replace(" ", "")


def digits(text: str) -> str:
    """Return ``text`` with Chinese numerals as digits: 三号楼二门五〇一 → ``3号楼2门501``, 十二 → ``12``."""
    return _NUMERAL_RUN.sub(lambda run: numeral(run.group()), text)


def numeral(run: str) -> str:
    """Return a run of Chinese numerals as digits, read by place (一百零二 → 102) or digit by digit (五〇一 → 501)."""
    if not any(unit in run for unit in _UNITS):
        return "".join(str(_DIGITS[character]) for character in run)
    total = 0
    digit: int | None = None
    for character in run:
        if character in _UNITS:
            total += (1 if digit is None else digit) * _UNITS[character]
            digit = None
        else:
            digit = _DIGITS[character]
    return str(total + (digit or 0))
