"""A register as communities keep them: 50,000 rows, every mess that was seen, and the truth about each row.

``python -m tests.server.register.messy FILE [ROWS]`` writes one to look at.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import xlsxwriter

from tests.server.register.spellings import WHOLE, chinese, wide

HEADERS: Final = ("序号", "住 址", "户主\n姓名", "联系方式（必填）", "家庭\n人口数", "身份证号", "备注")
LETTERS: Final = dict(zip(("number", "address", "name", "phone", "people", "id", "note"), "ABCDEFG", strict=True))
_SURNAMES: Final = "王李张刘陈杨赵黄周吴单曾解任"
_GIVEN: Final = ("秀英", "建国", "红", "志强", "桂兰", "一鸣", "雨桐", "小满")
_NOTES: Final = {
    "": (),
    "独居老人": ("alone",),
    "独居、高龄": ("alone", "elder"),
    "低保户": ("poor",),
    "重病在家": ("ill",),
    "残疾（二级）": ("disabled",),
    "非低保": (),
    "失独家庭，已联系": ("bereaved",),
}
_MARKS_ORDER: Final = ("alone", "elder", "ill", "disabled", "bereaved", "child", "poor")
_ROWS_PER_PAGE: Final = 5000


@dataclass
class Truth:
    """What is right to say about the register: documents by (building, unit, door), and a complaint by row."""

    households: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    """Row → the letter of the column that is to blame."""
    partial: set[tuple[int, str]] = field(default_factory=set)
    """(row, letter) of values that could not be taken over."""
    duplicates: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


class Messy:
    """Writes the register row by row and keeps the truth beside it."""

    def __init__(self, path: Path, *, rows: int, seed: int = 7) -> None:
        self.truth: Final = Truth()
        self._random: Final = Random(seed)
        self._book: Final = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        self._sheet: Final = self._book.add_worksheet("名册")
        self._row = 0
        self._doors: list[tuple[str, str, str]] = []
        self._places: dict[tuple[str, str, str], int] = {}
        self._titles()
        for number in range(rows):
            if number and number % _ROWS_PER_PAGE == 0:
                self._write(list(HEADERS))
            if self._random.random() < 0.002:
                self._write([])
            self._line(number)
        self._write(["合计", f"共{rows}户"])
        self._book.close()

    def _titles(self) -> None:
        self._write(["某某社区居民户登记表（门牌、电话、人口）"])
        self._write(["填表日期：2026年11月", "", "", "联系人："])
        self._write([])
        self._write(list(HEADERS))

    def _line(self, number: int) -> None:
        random = self._random
        kind = random.choices(
            ("plain", "repeat", "conflict", "no_place", "bad_place", "date"), (950, 15, 10, 10, 10, 5)
        )[0]
        if kind in {"repeat", "conflict"} and not self._doors:
            kind = "plain"
        self.truth.kinds[kind] += 1
        row = self._row + 1
        match kind:
            case "plain":
                self._household(number, row)
            case "repeat":
                self._repeat(row)
                self.truth.duplicates += 1
            case "conflict":
                self._conflict(row)
                self.truth.refused[row] = LETTERS["address"]
            case _:
                place = {
                    "no_place": "",
                    "bad_place": random.choice(("底商三", "3号楼二门", "？", "平房东头", "见上")),
                    "date": "2001-3-2",
                }[kind]
                self._write([str(number), place, self._name(), "13800138000", 2.0, "", ""])
                self.truth.refused[row] = LETTERS["address"]

    def _household(self, number: int, row: int) -> None:
        random = self._random
        building, rest = divmod(number, 600)
        unit, inside = divmod(rest, 60)
        floor, place = divmod(inside, 4)
        key = (str(building + 1), str(unit + 1), f"{floor + 1}{place + 1:02d}")
        name = random.choice((self._name(), self._name(), None))
        phone_cell, phone = self._phone(row)
        people_cell, people = self._people(row)
        note = random.choice(list(_NOTES))
        self._write(
            [float(number), self._address(key, floor + 1), self._shown(name), phone_cell, people_cell, "120101", note]
        )
        self._doors.append(key)
        self._places[key] = row
        self.truth.households[key] = {
            "name": name,
            "phone": phone,
            "people": people,
            "marks": [mark for mark in _MARKS_ORDER if mark in _NOTES[note]],
        }

    def _repeat(self, row: int) -> None:
        """Write the same door again: other spelling, nothing that contradicts, perhaps something that was missing."""
        key = self._random.choice(self._doors)
        known = self.truth.households[key]
        name = known["name"] or "孙添加"
        self._write(["", self._address(key, int(key[2][:-2])), name, known["phone"] or "", "", "", "独居"])
        known["name"] = name
        known["marks"] = [mark for mark in _MARKS_ORDER if mark in {*known["marks"], "alone"}]
        assert row

    def _conflict(self, row: int) -> None:
        key = self._random.choice([key for key in self._doors[-500:] if self.truth.households[key]["name"]])
        self._write([row, self._address(key, int(key[2][:-2])), "钱另有人", "", "", "", ""])

    def _address(self, key: tuple[str, str, str], floor: int) -> str:
        building, unit, door = key
        spelling = self._random.choice(WHOLE)
        text = spelling.format(
            b=building,
            u=unit,
            d=door,
            f=floor,
            cb=chinese(int(building)),
            cu=chinese(int(unit)),
            cd=chinese(int(door), by_digit=True),
        )
        return wide(text) if self._random.random() < 0.1 else text

    def _name(self) -> str:
        return self._random.choice(_SURNAMES) + self._random.choice(_GIVEN)

    def _shown(self, name: str | None) -> str:
        if name is None:
            return self._random.choice(("", "无", "空户"))
        return self._random.choice((name, name, f" {name} ", "\u3000".join(name), f"{name}（户主）"))

    def _phone(self, row: int) -> tuple[str | float, str | None]:
        number = f"1{self._random.choice('3456789')}{self._random.randrange(10**9):09d}"
        kind = self._random.randrange(12)
        cells: dict[int, tuple[str | float, str | None]] = {
            0: (float(number), number),
            1: (f"{number[:3]} {number[3:7]} {number[7:]}", number),
            2: (f"{number[:3]}-{number[3:7]}-{number[7:]}", number),
            3: (wide(number), number),
            4: (f"{number}/022-27123456", number),
            5: (f"+86 {number}", number),
            6: ("022-27123456", "022-27123456"),
            7: ("", None),
            8: ("无", None),
        }
        if kind in cells:
            return cells[kind]
        if kind == 9 and self._random.random() < 0.3:
            self.truth.partial.add((row, LETTERS["phone"]))
            return self._random.choice(("1.38E+10", number[:10], "打不通")), None
        return number, number

    def _people(self, row: int) -> tuple[str | float, int | None]:
        people = self._random.randrange(1, 7)
        kind = self._random.randrange(40)
        if kind == 0:
            self.truth.partial.add((row, LETTERS["people"]))
            return self._random.choice(("很多", "300", "2或3")), None
        return {1: ("", None), 2: (f"{people}人", people), 3: (f"{chinese(people)}口人", people)}.get(
            kind, (float(people), people)
        )

    def _write(self, cells: list[Any]) -> None:
        for column, cell in enumerate(cells):
            if isinstance(cell, float):
                self._sheet.write_number(self._row, column, cell)
            elif cell != "":
                self._sheet.write_string(self._row, column, str(cell))
        self._row += 1


def write(path: Path, *, rows: int, seed: int = 7) -> Truth:
    """Write a register of ``rows`` rows and return the truth about it."""
    return Messy(path, rows=rows, seed=seed).truth


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), rows=int(sys.argv[2]) if len(sys.argv) > 2 else 50_000).kinds)  # noqa: T201
