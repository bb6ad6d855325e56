"""Phones, head counts, names and marks out of cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.register import values
from server.register.values import Faulty, Phone

MOBILES = st.integers(13_000_000_000, 19_999_999_999).map(str)


@given(
    MOBILES,
    st.sampled_from(
        ["{0}", " {0} ", "{1} {2} {3}", "{1}-{2}-{3}", "+86 {0}", "86{0}", "电话：{0}", "{0}（儿子）", "{0}.0"]
    ),
)
def test_a_mobile_number_survives_its_spellings(number: str, spelling: str) -> None:
    cell = spelling.format(number, number[:3], number[3:7], number[7:])
    expected = Phone(number)
    assert values.phone(float(number) if cell.endswith(".0") else cell) == expected


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("022-27123456", "022-27123456"),
        ("022 27123456", "022-27123456"),
        ("02227123456", "022-27123456"),
        ("2712-3456", "27123456"),
        ("022-27123456转801", "022-27123456"),
        ("1.3800138000E+10", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        (13800138000, "13800138000"),
        (1.3800138e10, "13800138000"),
    ],
)
def test_other_numbers(cell: object, number: str) -> None:
    assert values.phone(cell) == Phone(number)


@pytest.mark.parametrize("cell", ["13800138000/022-27123456", "13800138000、13900139000", "13800138000 13900139000"])
def test_of_several_numbers_the_first_is_taken_and_said(cell: str) -> None:
    assert values.phone(cell) == Phone("13800138000", 1)


@pytest.mark.parametrize("cell", [None, "", "无", "不详", "-", " / "])
def test_no_number_is_no_fault(cell: object) -> None:
    assert values.phone(cell) is None


@pytest.mark.parametrize("cell", ["1.38E+10", "1380013800", "138001380001", "同上", "54321", True])
def test_what_is_no_number_is_named_without_repeating_it(cell: object) -> None:
    said = values.phone(cell)
    assert isinstance(said, Faulty)
    assert "请" in said.message
    assert str(cell) not in said.message


@pytest.mark.parametrize(
    ("cell", "people"),
    [("3", 3), (3.0, 3), ("3人", 3), ("三口人", 3), ("共4人", 4), ("０", 0), ("", None), ("不详", None), ("十二", 12)],
)
def test_people(cell: object, people: int | None) -> None:
    assert values.people(cell) == people


@pytest.mark.parametrize("cell", ["31", "很多", "2+1", -1.0, 2.5])
def test_people_that_cannot_be(cell: object) -> None:
    assert isinstance(values.people(cell), Faulty)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("张三", "张三"),
        (" 张　三 ", "张三"),
        ("张三（户主）", "张三"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("Tom  Smith", "Tom Smith"),
        ("空户", None),
        ("无", None),
    ],
)
def test_names(cell: str, name: str | None) -> None:
    assert values.name(cell) == name


@pytest.mark.parametrize("cell", ["13800138000", "张" * 41])
def test_what_is_no_name(cell: str) -> None:
    assert isinstance(values.name(cell), Faulty)


@pytest.mark.parametrize(
    ("cell", "marks"),
    [
        ("独居老人，高龄", {"alone", "elder"}),
        ("重病", {"ill"}),
        ("非低保，残疾", {"disabled"}),
        ("原低保，已退出", set()),
        ("困境儿童", {"child"}),
        ("党员，信教，回族，上访", set()),
        ("", set()),
    ],
)
def test_only_the_declared_marks_are_read(cell: str, marks: set[str]) -> None:
    assert values.marks(cell) == marks


@pytest.mark.parametrize(
    ("cell", "marked"), [("是", True), ("√", True), (1.0, True), ("独居", True), ("否", False), ("", False)]
)
def test_a_column_of_one_mark(cell: object, marked: bool) -> None:  # noqa: FBT001  a parameter of the case
    assert values.is_marked(cell, "alone") is marked


def test_a_remark_that_says_more_is_noticed() -> None:
    assert values.says_more("独居，耳背")
    assert not values.says_more("独居老人、低保户")
    assert not values.says_more("无")
