"""Phones, head counts, names and difficulty marks out of spreadsheet cells (pure).

A cell that says nothing (empty, 无, 不详) is ``None`` without a complaint; one that cannot be used is a
:class:`Faulty`, which names no personal data: it may be shown on a terminal.
"""

import re
from dataclasses import dataclass
from typing import Final

from server.households.schemas import MARKS
from server.register.text import Cell, compact, digits, plain

PEOPLE: Final = range(31)
"""Plausible numbers of people in one household, as the household document allows them."""

_NOTHING: Final = frozenset(
    ["", "无", "没有", "暂无", "不详", "未知", "不明", "空", "-", "--", "/", "?", "0", "N/A", "NULL"]
)
_MOBILE: Final = re.compile(r"(?:\+?86-?)?(1[3-9]\d{9})")
_LANDLINE: Final = re.compile(r"(?:(010|02\d|0[3-9]\d{2})-?)?([2-8]\d{6,7})(?:-\d{1,5})?")
_SCIENTIFIC: Final = re.compile(r"(\d)(?:\.(\d+))?E\+?(\d+)", re.IGNORECASE)
_PHONE_BREAK: Final = re.compile(r"[/、,;或|\n]")
_EXTENSION: Final = re.compile(r"(?:转|分机|EXT\.?|#)\d+", re.IGNORECASE)
_PEOPLE: Final = re.compile(r"(?:共|约|家庭)?(\d{1,3})(?:口?人|口|位|名)?")
_ASIDE: Final = re.compile(r"\([^()]*\)")
_NOBODY: Final = frozenset({"空户", "空房", "空置", "无人", "无人居住", "空关", "空挂户"})

_KEYWORDS: Final = {
    **{word: mark for mark, word in MARKS.items()},
    "重病": "ill",
    "大病": "ill",
    "最低生活保障": "poor",
}
"""The only words that are looked for. There is no other: no belief, no ethnicity, no politics is read out of a cell."""
_DENIED: Final = r"(?:非|无|不是|不属|没有|未|原|曾|退出|取消|停发)"
_KEYWORD: Final = re.compile(rf"(?P<denied>{_DENIED})?(?P<word>{'|'.join(sorted(_KEYWORDS, key=len, reverse=True))})")
_YES: Final = frozenset({"是", "有", "√", "✓", "Y", "YES", "1", "对", "V"})


@dataclass(frozen=True, slots=True)
class Faulty:
    """Why a cell cannot be used, and how to mend it: ``…，请…``."""

    message: str


@dataclass(frozen=True, slots=True)
class Phone:
    """A number to call. ``others`` says how many more numbers the cell had."""

    number: str
    others: int = 0


def phone(cell: Cell) -> Phone | Faulty | None:
    """Return the first usable number of a cell: ``13800138000`` or ``022-27123456``.

    A number that Excel holds as 1.38E+10 is whole inside; one that was saved as that *text* has lost its digits.
    """
    text = plain(cell).upper()
    if text in _NOTHING:
        return None
    scientific = _SCIENTIFIC.fullmatch(text.replace(" ", ""))
    if scientific:
        restored = _restored(scientific[1], scientific[2] or "", int(scientific[3]))
        if restored is None:
            return Faulty("号码被 Excel 存成了科学计数，后几位已经丢失，请把这一格设为“文本”格式后重填完整号码")
        text = restored
    numbers = [number for part in _PHONE_BREAK.split(text) for number in _numbers(part)]
    if not numbers:
        return Faulty("不是能拨打的号码，请填 11 位手机号，或带区号的固定电话（如 022-27123456）")
    return Phone(numbers[0], len(dict.fromkeys(numbers)) - 1)


def people(cell: Cell) -> int | Faulty | None:
    """Return how many people a cell says: ``3``, ``3人``, ``三口人``."""
    text = _ASIDE.sub("", compact(cell)).upper()
    if text in _NOTHING and text != "0":
        return None
    found = _PEOPLE.fullmatch(digits(text))
    if found is None or int(found[1]) not in PEOPLE:
        return Faulty(f"应是 {PEOPLE[0]} 到 {PEOPLE[-1]} 之间的人数，请只填一个数字，如 3")
    return int(found[1])


def name(cell: Cell) -> str | Faulty | None:
    """Return the householder's name: remarks in brackets taken off, 张　三 closed up, several spaces made one."""
    text = _ASIDE.sub("", plain(cell)).strip()
    if not text.isascii():
        text = re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", text)
    if text.upper() in _NOTHING or text in _NOBODY:
        return None
    if len(text) > 40:  # noqa: PLR2004  the household document's own limit
        return Faulty("太长，请只填户主一人的姓名（40 字以内）")
    if not re.search(r"[^\W\d_]", text):
        return Faulty("不像姓名，请填户主姓名，或留空")
    return text


def marks(cell: Cell) -> frozenset[str]:
    """Return the difficulty marks that a remark names, and nothing else of it. ``非低保`` and ``无残疾`` name none."""
    text = compact(cell)
    if not text or text.isascii():
        return frozenset()
    return frozenset(_KEYWORDS[found["word"]] for found in _KEYWORD.finditer(text) if not found["denied"])


def is_marked(cell: Cell, mark: str) -> bool:
    """Return whether the cell of a column of one mark (是否独居) says yes: 是, 有, √, 1, or the mark's own word."""
    text = compact(cell).upper()
    return text in _YES or mark in marks(cell)


def mark_of(header: str) -> str | None:
    """Return the mark that a column with this header is about, if it is about exactly one."""
    found = {_KEYWORDS[each["word"]] for each in _KEYWORD.finditer(header)}
    return found.pop() if len(found) == 1 else None


def says_more(cell: Cell) -> bool:
    """Return whether a remark says anything beside the declared marks (which is not imported)."""
    rest = _KEYWORD.sub("", compact(cell).upper())
    rest = re.sub(r"[\W_]|[老户人员重度]", "", rest)
    return rest not in _NOTHING


def _numbers(part: str) -> list[str]:
    """Return the numbers of a part: one, whose digits may stand in groups, or several with blanks between them."""
    whole = _number(part)
    return [whole] if whole else [found for word in part.split() if (found := _number(word)) is not None]


def _number(part: str) -> str | None:
    part = _EXTENSION.sub("", part)
    bare = re.sub(r"[^\d+-]", "", part).strip("-")
    found = _MOBILE.fullmatch(bare.replace("-", ""))
    if found:
        return found[1]
    found = _LANDLINE.fullmatch(bare) or _LANDLINE.fullmatch(re.sub(r"(?<=\d)-(?=\d{4}$)", "", bare))
    if found:
        return f"{found[1]}-{found[2]}" if found[1] else found[2]
    return None


def _restored(whole: str, fraction: str, power: int) -> str | None:
    """Return the digits of ``1.3800138000E+10``; ``None`` when fewer were written down than the number has."""
    return whole + fraction if len(fraction) == power else None
