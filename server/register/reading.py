"""Opening a register: xlsx, xls and csv all become sheets of cells, with the row numbers that the user sees."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from server.register.errors import Unreadable
from server.register.text import Cell

BIGGEST: Final = 200 * 1024 * 1024
"""A file above this many bytes is not a community's register."""
WIDEST: Final = 256
"""Columns beyond these are formatting that somebody dragged to the right, not data."""

Row = list[Cell]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. ``rows[0]`` is the row that Excel calls 1; empty cells are ``""`` or ``None``."""

    name: str
    rows: Sequence[Row]
    merged: bool
    """Whether merged cells were known, and their value put into each of them."""


def read(path: Path) -> list[Sheet]:
    """Return the visible sheets of a register.

    The kind is told from the first bytes, not from the name: people rename files. Raises :class:`Unreadable`.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise Unreadable(f"打不开文件“{path.name}”，请检查路径是否写对、文件是否可读。") from error
    if size > BIGGEST:
        raise Unreadable(f"文件有 {size // 1024 // 1024} MB，超过 200 MB，请按社区拆成几个文件再导入。")
    if size == 0:
        raise Unreadable("文件是空的，请选另一个文件。")
    if magic.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        return _workbook(path)
    return [_csv(path)]


def _workbook(path: Path) -> list[Sheet]:
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            return [
                _sheet(book, each.name)
                for each in book.sheets_metadata
                if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
            ]
    except PasswordError as error:
        raise Unreadable("文件有打开密码，请在 Excel 里取消密码、另存后再导入。") from error
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable("文件已损坏或不是 Excel 表格，请用 Excel 打开后另存为 .xlsx 再导入。") from error


def _sheet(book: CalamineWorkbook, name: str) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    rows: list[Row] = [list(row[:WIDEST]) for row in sheet.to_python(skip_empty_area=False)]
    ranges = sheet.merged_cell_ranges
    for (top, left), (bottom, right) in ranges or ():
        _spread(rows, top, left, bottom, right)
    return Sheet(name, rows, merged=ranges is not None)


def _spread(rows: list[Row], top: int, left: int, bottom: int, right: int) -> None:
    """Give every cell of a merged range the value of its first one: a building's number stands once for many rows."""
    if top >= len(rows) or left >= len(rows[top]):
        return
    value = rows[top][left]
    for row in rows[top : bottom + 1]:
        end = min(right + 1, len(row))
        row[left:end] = [value] * (end - left)


def _csv(path: Path) -> Sheet:
    text = _decoded(path.read_bytes())
    if text.lstrip().startswith("<"):  # what many systems export as .xls is a web page
        raise Unreadable("文件其实是网页格式，请用 Excel 打开后另存为 .xlsx 再导入。")
    delimiter = _delimiter(text)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows: list[Row] = [list(row[:WIDEST]) for row in lines]
    except csv.Error as error:
        raise Unreadable("CSV 格式有误（引号没有成对），请用 Excel 打开后另存为 .xlsx 再导入。") from error
    return Sheet(path.stem, rows, merged=False)


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable("认不出文件的格式，请用 Excel 打开后另存为 .xlsx 或 UTF-8 的 .csv 再导入。")


def _delimiter(text: str) -> str:
    """Return the separator that splits the first lines most evenly; a comma inside a remark does not win."""
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    evenness: Callable[[str], tuple[int, int]] = lambda mark: _most_common([line.count(mark) for line in lines])  # noqa: E731
    return max((",", "\t", ";", "|"), key=evenness)


def _most_common(counts: list[int]) -> tuple[int, int]:
    split = [count for count in counts if count]
    best = max(set(split), key=split.count, default=0)
    return split.count(best), best
