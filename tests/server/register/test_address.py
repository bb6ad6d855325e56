"""Where a household lives, out of every spelling that registers use."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.register.address import (
    Address,
    Disagreement,
    Place,
    floor_of,
    parse_address,
    parse_building,
    parse_unit,
    place,
    unit_of_name,
)
from tests.server.register.spellings import BUILDINGS, DOORS, UNITS, WHOLE, chinese, wide

WHERE = st.tuples(st.integers(1, 320), st.integers(1, 12), st.integers(1, 33), st.integers(1, 12))


@given(WHERE, st.sampled_from(WHOLE), st.sampled_from([str, wide]))
def test_every_spelling_of_a_whole_address_says_the_same(
    where: tuple[int, int, int, int], spelling: str, written: Callable[[str], str]
) -> None:
    building, unit, floor, number = where
    door = f"{floor}{number:02d}"
    text = spelling.format(
        b=building,
        u=unit,
        d=door,
        f=floor,
        cb=chinese(building),
        cu=chinese(unit),
        cd=chinese(int(door), by_digit=True),
    )
    said = parse_address(written(text))
    assert said is not None
    assert place(said) == Place(said.estate, str(building), str(unit), door)
    assert floor_of(door) == floor


@given(WHERE, st.sampled_from(BUILDINGS), st.sampled_from(UNITS), st.sampled_from(DOORS))
def test_separate_columns_say_the_same_as_one(
    where: tuple[int, int, int, int], in_building: str, in_unit: str, in_door: str
) -> None:
    building, unit, floor, number = where
    door = f"{floor}{number:02d}"
    cells = (
        parse_building(in_building.format(b=building, cb=chinese(building))),
        parse_unit(in_unit.format(u=unit, cu=chinese(unit))),
        parse_address(in_door.format(d=door, f=floor, cd=chinese(int(door), by_digit=True))),
    )
    assert all(cells)
    assert place(*(cell for cell in cells if cell)) == Place("", str(building), str(unit), door)


@given(WHERE)
def test_the_address_we_write_is_read_back(where: tuple[int, int, int, int]) -> None:
    building, unit, floor, number = where
    written = Place("", str(building), str(unit), f"{floor}{number:02d}")
    said = parse_address(written.text)
    assert said is not None
    assert place(said) == written


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("天津市和平区南营门街道文化村社区3号楼2门501", Place("", "3", "2", "501")),
        ("贵州路18号3号楼2门501", Place("贵州路18号", "3", "2", "501")),
        ("文化村小区 3号楼 2门 501", Place("文化村小区", "3", "2", "501")),
        ("3号楼501", Place("", "3", "", "501")),
        ("3-501", Place("", "3", "", "501")),
        ("3楼501", Place("", "3", "", "501")),
        ("2门501", Place("", "", "2", "501")),
        ("5楼501", Place("", "", "", "501")),
        ("3-2-501-1", Place("", "3", "2", "501-1")),
        ("A座2单元1203", Place("", "A", "2", "1203")),
        ("3-2-负101", Place("", "3", "2", "-101")),
        ("03-02-0501", Place("", "3", "2", "501")),
        ("3号楼2门501（原502）", Place("", "3", "2", "501")),
        ("12号楼3单元一千二百零三", None),
        ("底商3", None),
        ("3号楼2门", None),
        ("张三", None),
        ("2001-3-2", None),
        ("", None),
        (501.0, Place("", "", "", "501")),
        (3.2, Place("", "3", "", "2")),
    ],
)
def test_spellings_of_their_own(cell: object, expected: Place | None) -> None:
    said = parse_address(cell)
    assert (place(said) if said else None) == expected


def test_a_first_number_is_the_unit_where_the_building_is_known() -> None:
    assert place(Address(building="3"), Address(lead="2", door="501")) == Place("", "3", "2", "501")


def test_cells_that_contradict_are_not_guessed_at() -> None:
    with pytest.raises(Disagreement, match="楼号"):
        place(Address(building="3"), Address(building="5", unit="2", door="501"))


@pytest.mark.parametrize(
    ("door", "floor"),
    [("501", 5), ("1203", 12), ("3301", 33), ("-101", -1), ("B101", -1), ("A101", 1), ("12", None), ("B1203", None)],
)
def test_floor_of_a_door(door: str, floor: int | None) -> None:
    assert floor_of(door) == floor


@pytest.mark.parametrize(
    ("name", "unit"), [("2门", "2"), ("3号楼2门", "2"), ("二单元", "2"), ("第2单元", "2"), ("花园", "")]
)
def test_unit_of_an_areas_name(name: str, unit: str) -> None:
    assert unit_of_name(name) == unit
