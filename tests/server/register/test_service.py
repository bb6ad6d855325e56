"""Importing: what becomes of each row, and what is left alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlwt

from server.areas import repository as areas
from server.areas.models import Area, AreaKind
from server.households.schemas import Household
from server.register.errors import Unreadable, WrongArea
from tests.server.register.conftest import Office

Register = Callable[..., Path]

HEADER = ["门牌", "户主", "联系电话", "人数", "备注"]
ROW: list[Any] = ["3号楼2门501", "单雄信", 13800138000.0, "3人", "独居，耳背"]
ID = "household:c1-3-2:501"


def text(office: Office, path: Path, **options: Any) -> str:
    return "\n".join(office.take_in(path, **options).lines())


def test_a_row_becomes_a_household_with_its_door(office: Office, register: Register) -> None:
    report = office.take_in(register(HEADER, ROW))
    assert (report.new, report.exit_code) == (1, 0)
    body = dict(office.get(ID).body)
    assert body == {
        "type": "household",
        "area": "c1-3-2",
        "by": "admin",
        "at": "2026-11-22T10:00:00+08:00",
        "v": 1,
        "building": "3",
        "unit": "2",
        "floor": 5,
        "door": "501",
        "address": "3号楼2门501",
        "name": "单雄信",
        "phone": "13800138000",
        "people": 3,
        "marks": ["alone"],
        "pinyin": "shanxiongxin sxx",
        "consent": "unknown",
        "no_visit": False,
        "source": "register",
    }
    Household.model_validate(body)
    stored = office.get(ID)
    assert (stored.scope_owner, set(stored.scopes)) == ("c1-3-2", {"s1", "c1", "c1-3", "c1-3-2"})
    assert [(each.id, each.kind.value, each.name) for each in office.areas()][2:] == [
        ("c1-3", "building", "3号楼"),
        ("c1-3-2", "door", "3号楼2门"),
    ]


def test_areas_that_exist_are_found_by_name(office: Office, register: Register) -> None:
    building = Area("b-old", "c1", AreaKind.BUILDING, "三号楼", ("s1", "c1", "b-old"))
    door = Area("d-0102", "b-old", AreaKind.DOOR, "2单元", (*building.path, "d-0102"))
    office.database.write_now(lambda c: areas.add(c, [building, door]))
    office.take_in(register(HEADER, ROW))
    assert office.get("household:d-0102:501").scopes
    assert len(office.areas()) == 4


def test_a_dry_run_says_all_and_writes_nothing(office: Office, register: Register) -> None:
    said = text(office, register(HEADER, ROW, ["3-2", "", "", "", ""], ["", "李四", "", "", ""]), dry_run=True)
    assert "第 2 行 3号楼2门501：新建" in said
    assert "第 4 行「门牌」列（A）：没有门牌号，请填上" in said
    assert "将新建 1 户" in said
    assert "什么都没有写入" in said
    assert office.all() == {}
    assert len(office.areas()) == 2


def test_the_same_file_again_changes_nothing(office: Office, register: Register) -> None:
    path = register(HEADER, ROW)
    office.take_in(path)
    rev = office.get(ID).rev
    report = office.take_in(path)
    assert (report.unchanged, report.new, report.changed, report.exit_code) == (1, 0, 0, 0)
    assert office.get(ID).rev == rev


def test_a_changed_row_updates_what_nobody_has_touched(office: Office, register: Register) -> None:
    office.take_in(register(HEADER, ROW))
    report = office.take_in(register(HEADER, ["3-2-501", "吕布", "13900139000", 4.0, "低保"]))
    body = office.get(ID).body
    assert report.changed == 1
    assert (body["name"], body["phone"], body["people"], body["marks"]) == ("吕布", "13900139000", 4, ["poor"])
    assert body["pinyin"] == "lvbu lb"
    assert body["at"] == "2026-11-22T10:00:00+08:00"


def test_what_a_visitor_wrote_stays_and_is_reported_once(office: Office, register: Register) -> None:
    office.take_in(register(HEADER, ROW))
    office.edit(ID, phone="13600136000", note="请下午来")
    newer = register(HEADER, ["3-2-501", "单雄信", "13900139000", "5", "独居"])
    report = office.take_in(newer)
    body = office.get(ID).body
    assert (body["phone"], body["people"], body["note"]) == ("13600136000", 5, "请下午来")
    assert report.kept == 1
    assert any("电话（3号楼2门501）走访时改过" in line for line in report.lines())
    assert office.take_in(newer).kept == 0


def test_the_same_register_never_undoes_an_edit(office: Office, register: Register) -> None:
    path = register(HEADER, ROW)
    office.take_in(path)
    office.edit(ID, phone="13600136000")
    report = office.take_in(path)
    assert (report.unchanged, report.kept) == (1, 0)
    assert office.get(ID).body["phone"] == "13600136000"


def test_an_empty_cell_erases_nothing(office: Office, register: Register) -> None:
    office.take_in(register(HEADER, ROW))
    assert office.take_in(register(HEADER, ["3-2-501", "", "1.38E+10", "", ""])).unchanged == 1
    assert office.get(ID).body["phone"] == "13800138000"


def test_a_household_that_a_visitor_registered_is_only_filled_up(office: Office, register: Register) -> None:
    office.take_in(register(HEADER, ["3-2-502", "", "", "", ""]))
    id_ = "household:c1-3-2:502"
    office.edit(id_, name="秦琼", source="visit")
    report = office.take_in(register(HEADER, ["3-2-502", "罗成", "13900139000", "", ""]))
    body = office.get(id_).body
    assert (body["name"], body["phone"], body["source"]) == ("秦琼", "13900139000", "visit")
    assert (report.changed, report.kept) == (1, 1)


def test_a_household_that_was_erased_does_not_come_back(office: Office, register: Register) -> None:
    from server.documents.rules import DATABASE  # noqa: PLC0415
    from sync.access import Principal, View  # noqa: PLC0415

    path = register(HEADER, ROW)
    office.take_in(path)
    rev = office.get(ID).rev
    office.database.write_now(
        lambda c: office.store.put_now(
            c, View("areas", DATABASE), Principal("x", admin=True), ID, {}, rev=rev, check=False, deleted=True
        )
    )
    report = office.take_in(path)
    assert (report.refused, report.exit_code) == (1, 2)
    assert office.get(ID).deleted


def test_good_rows_are_not_lost_because_of_bad_ones(office: Office, register: Register) -> None:
    path = register(
        ["新疆路社区居民名册"],
        HEADER,
        ROW,
        ["底商三", "张三", "", "", ""],
        ["3-2-502", "李四", "打不通", "很多", ""],
        ["三号楼二门五〇一", "单雄信", "", "", "残疾"],
        ["3-2-501", "另有人", "", "", ""],
    )
    report = office.take_in(path)
    assert (report.new, report.duplicates, report.refused, report.exit_code) == (2, 1, 2, 1)
    said = [str(each) for each in report.observations]
    assert said[0].startswith("第 4 行「门牌」列（A）：看不懂“")
    assert said[1].startswith("第 5 行「联系电话」列（C）：不是能拨打的号码，请填 11 位手机号")
    assert said[2].startswith("第 5 行「人数」列（D）：应是 0 到 30")
    assert said[3].startswith("第 7 行「门牌」列（A）：与第 3 行是同一门牌（3号楼2门501），但户主不同")
    assert office.get(ID).body["marks"] == ["alone", "disabled"]


def test_the_report_names_no_resident_and_no_phone(office: Office, register: Register) -> None:
    said = text(
        office,
        register(
            HEADER,
            ROW,
            ["王小明家13912345678", "王小明", "139123", "3", ""],
            ["3-2-501", "赵大海", "13711112222", "", ""],
            ["3-2-503", "13912345678", "1391234567", "", ""],
        ),
    )
    for secret in ("王小明", "赵大海", "单雄信", "13912345678", "1391234567", "13711112222", "13800138000"):
        assert secret not in said


def test_merged_cells_and_separate_columns(office: Office, register: Register) -> None:
    path = register(
        ["住址", "", "", "户主"],
        ["楼号", "单元", "房号", ""],
        ["3号楼", "二单元", 501.0, "张三"],
        ["", "", 502.0, "李四"],
        merge=("A1:C1", "D1:D2", "A3:A4", "B3:B4"),
    )
    assert office.take_in(path).new == 2
    assert set(office.all()) == {ID, "household:c1-3-2:502"}


def test_a_building_column_left_blank_is_not_guessed(office: Office, register: Register) -> None:
    path = register(["楼号", "单元", "房号", "户主"], ["3", "2", "501", "张三"], ["", "2", "502", "李四"])
    report = office.take_in(path)
    assert (report.new, report.refused) == (1, 1)
    assert "没有楼号" in str(report.observations[0])


def test_sheets_named_after_buildings(office: Office, tmp_path: Path) -> None:
    book = xlwt.Workbook()
    for name in ("3号楼", "5号楼", "说明"):
        sheet = book.add_sheet(name)
        for row, cells in enumerate([["门牌", "户主"], ["2-501", "张三"]] if name != "说明" else [["本表按楼填写"]]):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
    book.save(str(tmp_path / "名册.xls"))
    assert office.take_in(tmp_path / "名册.xls").new == 2
    assert set(office.all()) == {ID, "household:c1-5-2:501"}


def test_a_building_in_a_row_of_its_own(office: Office, register: Register) -> None:
    path = register(["门牌", "户主"], ["3号楼"], ["2门501", "张三"], ["5号楼"], ["2门501", "李四"], ["合计", "2"])
    assert office.take_in(path).new == 2
    assert set(office.all()) == {ID, "household:c1-5-2:501"}


def test_one_row_per_person_makes_one_household(office: Office, register: Register) -> None:
    path = register(
        ["地址", "姓名", "与户主关系", "电话", "备注"],
        ["3-2-501", "李妻", "妻", "13700137000", "残疾"],
        ["3-2-501", "张三", "户主", "13800138000", ""],
        ["3-2-501", "张小", "子", "", ""],
    )
    report = office.take_in(path)
    body = office.get(ID).body
    assert (report.new, report.members, report.rows) == (1, 2, 3)
    assert (body["name"], body["phone"], body["people"], body["marks"]) == ("张三", "13800138000", 3, ["disabled"])


def test_buildings_without_stairwells_hold_their_households(office: Office, register: Register) -> None:
    assert office.take_in(register(HEADER, ["8号楼101", "张三", "", "", ""])).new == 1
    assert set(office.all()) == {"household:c1-8:101"}


def test_a_missing_unit_is_asked_for_where_there_are_units(office: Office, register: Register) -> None:
    report = office.take_in(register(HEADER, ROW, ["3号楼601", "张三", "", "", ""]))
    assert report.refused == 1
    assert "请在地址里写明是几门，如 3号楼2门601" in str(report.observations[0])


def test_into_a_door_only_the_room_is_needed(office: Office, register: Register) -> None:
    office.take_in(register(HEADER, ROW))
    report = office.take_in(register(HEADER, ["502室", "张三", "", "", ""], ["3-1-502", "李四", "", "", ""]), "c1-3-2")
    assert (report.new, report.refused) == (1, 1)
    assert office.get("household:c1-3-2:502").body["address"] == "3号楼2门502"
    assert "不在所选的“3号楼2门”里" in str(report.observations[0])


def test_two_estates_with_one_building_number(office: Office, register: Register) -> None:
    path = register(HEADER, ["安乐里3号楼2门501", "张三", "", "", ""], ["福安里3号楼2门501", "", "", "", ""])
    report = office.take_in(path)
    assert (report.new, report.refused) == (1, 1)
    assert "小区名不同" in str(report.observations[0])
    assert any("3号楼写在了不同的小区名下" in line for line in report.lines())


def test_a_door_that_excel_made_a_date(office: Office, tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("名册")
    for column, cell in enumerate(HEADER):
        sheet.write(0, column, cell)
    style = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    sheet.write(1, 0, 36953, style)
    sheet.write(1, 1, "张三")
    book.save(str(tmp_path / "日期.xls"))
    report = office.take_in(tmp_path / "日期.xls")
    assert "被 Excel 变成了日期，请把这一列设为“文本”格式后重填" in str(report.observations[0])
    assert report.exit_code == 2


@pytest.mark.parametrize(("area", "word"), [("s1", "按社区导入"), ("nowhere", "没有编号")])
def test_the_wrong_area(office: Office, register: Register, area: str, word: str) -> None:
    with pytest.raises(WrongArea, match=word):
        office.take_in(register(HEADER, ROW), area)


def test_a_file_without_a_header(office: Office, register: Register) -> None:
    with pytest.raises(Unreadable, match="没有找到表头"):
        office.take_in(register(ROW))


def test_an_id_that_is_taken_elsewhere_stops_before_anything_is_written(office: Office, register: Register) -> None:
    office.database.write_now(lambda c: areas.add(c, [Area("c1-3", "s1", AreaKind.COMMUNITY, "别处", ("s1", "c1-3"))]))
    with pytest.raises(WrongArea, match="已被“别处”占用"):
        office.take_in(register(HEADER, ROW))
    assert office.all() == {}
