"""Opening files of every kind, and finding their headers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlwt

from server.register.errors import Unreadable
from server.register.header import Role, find_header
from server.register.reading import read

ROWS = [["门牌", "户主", "电话"], ["3-2-501", "张三", "13800138000"]]


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ","), ("gb18030", ","), ("gb18030", "\t"), ("utf-8", ";"), ("utf-16", "\t")],
)
def test_csv_in_the_encodings_that_excel_writes(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "名册.csv"
    path.write_text("\r\n".join(delimiter.join(row) for row in ROWS), encoding=encoding)
    (sheet,) = read(path)
    assert sheet.rows == ROWS


def test_csv_with_commas_and_line_breaks_inside_quotes(tmp_path: Path) -> None:
    path = tmp_path / "名册.csv"
    path.write_text('门牌,户主,备注\n3-2-501,张三,"独居,\n高龄"\n3-2-502,李四,\n', encoding="utf-8")
    (sheet,) = read(path)
    assert sheet.rows[1] == ["3-2-501", "张三", "独居,\n高龄"]
    assert sheet.rows[2][0] == "3-2-502"


def test_xls(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("名册")
    for index, row in enumerate(ROWS):
        for column, cell in enumerate(row):
            sheet.write(index, column, cell)
    book.save(str(tmp_path / "名册.xls"))
    (read_back,) = read(tmp_path / "名册.xls")
    assert [list(row) for row in read_back.rows] == ROWS


def test_the_kind_is_told_by_the_content_not_by_the_name(register: Callable[..., Path]) -> None:
    path = register(*ROWS)
    renamed = path.rename(path.with_suffix(".csv"))
    assert [list(row) for row in read(renamed)[0].rows] == ROWS


def test_merged_cells_give_their_value_to_each_row(register: Callable[..., Path]) -> None:
    path = register(["楼号", "房号", "户主"], ["3号楼", "501", "张三"], ["", "502", "李四"], merge=("A2:A3",))
    assert [row[0] for row in read(path)[0].rows] == ["楼号", "3号楼", "3号楼"]


def test_rows_above_the_first_filled_one_count(register: Callable[..., Path]) -> None:
    assert list(read(register([], [], *ROWS))[0].rows[2])[:3] == ROWS[0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 not a workbook",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 nor this",
        b"\x00\xff\x00\x81",
        b"<html><table>",
    ],
)
def test_what_is_no_register_is_refused_with_a_way_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "名册.xlsx"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="请"):
        read(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="请检查路径"):
        read(tmp_path / "没有.xlsx")


def roles(*rows: list[Any]) -> list[str]:
    header = find_header(rows)
    assert header is not None
    return [f"{column.letter}:{column.role}" for column in header.columns]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["户号", "户主", "联系方式"], ["A:address", "B:name", "C:phone"]),
        (["备注", "人数", "手机号码", "姓名", "门牌号"], ["A:note", "B:people", "C:phone", "D:name", "E:address"]),
        (["楼栋", "单元", "室", "户主姓名"], ["A:building", "B:unit", "C:door", "D:name"]),
        (["家庭住址（必填）", "*户主电话", "家庭人口数"], ["A:address", "B:phone", "C:people"]),
        (["户号", "住址", "户主"], ["B:address", "C:name"]),
        (["户籍地址", "住址", "民族", "政治面貌", "宗教信仰", "姓名"], ["B:address", "F:name"]),
        (["住址", "姓名", "紧急联系人电话", "网格员姓名"], ["A:address", "B:name"]),
        (["住址", "姓名", "是否独居", "低保户"], ["A:address", "B:name", "C:mark", "D:mark"]),
    ],
)
def test_columns_in_any_order_under_several_names(row: list[str], expected: list[str]) -> None:
    assert roles(row) == [
        each if ":address" not in each or row[0] != "户号" or "住址" in row else "A:door" for each in expected
    ]


def test_the_header_below_titles() -> None:
    header = find_header(
        [["居民住址电话登记表"] * 3, ["填表日期：2026-11"], ["住址", "户主", "电话"], ["3-2-501", "张三", ""]]
    )
    assert header is not None
    assert header.first == 3


@pytest.mark.parametrize("spread", [True, False])
def test_a_header_of_two_rows(spread: bool) -> None:  # noqa: FBT001  a parameter of the case
    if spread:
        rows = [["住址", "住址", "住址", "户主"], ["楼号", "门", "房号", "户主"], ["3", "2", "501", "张三"]]
    else:
        rows = [["住址", "", "", "户主"], ["楼号", "门", "房号", ""], ["3", "2", "501", "张三"]]
    header = find_header(rows)
    assert header is not None
    assert header.first == 2
    assert [column.role for column in header.columns] == [Role.BUILDING, Role.UNIT, Role.DOOR, Role.NAME]


def test_a_sheet_without_a_header() -> None:
    assert find_header([["3-2-501", "张三", "13800138000"]]) is None
    assert find_header([["姓名", "电话"]]) is None
    assert find_header([]) is None
