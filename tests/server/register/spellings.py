"""The spellings of one address that registers were seen to use, for tests and for the messy generator."""

from typing import Final

WHOLE: Final = (
    "{b}号楼{u}门{d}",
    "{b}号楼{u}门{d}室",
    "{b}号楼 {u}门 {d}",
    "{b}号楼{u}单元{d}室",
    "{b}号楼{u}单元{d}",
    "{b}-{u}-{d}",
    "{b}—{u}—{d}",
    "{b} - {u} - {d}",
    "{b}/{u}/{d}",
    "{b}.{u}.{d}",
    "{b} {u} {d}",
    "{b}#{u}-{d}",
    "{b}#楼{u}门{d}",
    "{b}#-{u}-{d}",
    "{b}栋{u}单元{d}",
    "{b}幢{u}-{d}",
    "{b}号楼-{u}门-{d}",
    "{b}楼{u}门{d}号",
    "{b}号{u}门{d}",
    "{b}号楼{u}门{f}层{d}",
    "{b}号楼{u}门{f}楼{d}室",
    "第{b}号楼第{u}单元{d}",
    "0{b}-0{u}-0{d}",
    "{cb}号楼{cu}门{cd}",
    "{cb}号楼{cu}单元{cd}室",
    "{cb}栋{cu}门{d}",
    "  {b}号楼{u}门{d}\u3000",
    "和平区南营门街道{b}号楼{u}门{d}",
)
BUILDINGS: Final = ("{b}", "{b}号楼", "{b}栋", "{b}#", "{cb}号楼", " {b} 号楼", "0{b}")
UNITS: Final = ("{u}", "{u}门", "{u}单元", "{cu}门", "0{u}", "第{u}单元")
DOORS: Final = ("{d}", "{d}室", "{d} ", "0{d}", "{cd}", "{d}号", "{f}层{d}")

_NUMERALS: Final = "〇一二三四五六七八九"


def chinese(number: int, *, by_digit: bool = False) -> str:
    """Return ``number`` (below 1000) in Chinese numerals: 12 → 十二, 501 by digit → 五〇一."""
    if by_digit:
        return "".join(_NUMERALS[int(digit)] for digit in str(number))
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_NUMERALS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("十" if tens == 1 and not hundreds else f"{_NUMERALS[tens]}十") + (_NUMERALS[ones] if ones else "")
    elif ones:
        text += ("零" if hundreds else "") + _NUMERALS[ones]
    return text


def wide(text: str) -> str:
    """Return ``text`` with its digits, letters and ASCII marks in full width."""
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)
