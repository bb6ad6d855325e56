"""A community as it would be set up by its administrator: areas, accounts, grants, a register; then the server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Playwright, expect, sync_playwright

from tests.e2e.phone import Phone, phone
from tests.installation import PASSWORD, Installation

DOORS = [f"{floor}0{door}" for floor in range(1, 7) for door in (1, 2)]
NAMES = [
    "王秀兰",
    "李建国",
    "张淑珍",
    "刘志强",
    "陈玉梅",
    "杨德胜",
    "赵桂英",
    "黄永福",
    "周小燕",
    "吴国华",
    "徐美玲",
    "孙家栋",
]
COMMUNITY = "hp-x-1"

expect.set_options(timeout=10_000)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    it = Installation(folder, settings={"BAIJIAMEN_PUSH__ALLOW_LOOPBACK": "true"})
    for area, kind, name, parent in (
        ("hp", "district", "和平区", None),
        ("hp-x", "street", "小白楼街道", "hp"),
        (COMMUNITY, "community", "开封里社区", "hp-x"),
    ):
        it.run("area", "add", area, "--kind", kind, "--name", name, *(["--parent", parent] if parent else []))
    for name, shown in (("chief", "管理员"), ("zhang.li", "张丽"), ("li.ming", "李明")):
        extra = ["--admin"] if name == "chief" else []
        it.run("user", "add", name, "--display-name", shown, "--password-stdin", *extra, stdin=PASSWORD + "\n")
    it.run("import", "households", str(_register(folder / "名册.xlsx")), "--area", COMMUNITY, "--by", "chief")
    stairwell = next(line.split()[0] for line in it.run("area", "list").splitlines() if "\tdoor\t" in line)
    it.run("grant", "add", "zhang.li", "visitor", stairwell)
    it.run("grant", "add", "li.ming", "supervisor", COMMUNITY)
    it.start("--no-scheduler")
    yield it
    it.stop()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as it:
        yield it


@pytest.fixture
def visitor(playwright: Playwright, installation: Installation, tmp_path: Path) -> Iterator[Phone]:
    """A phone signed in as the visitor of one stairwell."""
    with phone(playwright, tmp_path / "visitor", installation.url) as it:
        it.open()
        it.sign_in("zhang.li", PASSWORD)
        it.synced()
        yield it


@pytest.fixture
def supervisor(playwright: Playwright, installation: Installation, tmp_path: Path) -> Iterator[Phone]:
    """Another phone, signed in as the community's supervisor, at the list of visits."""
    with phone(playwright, tmp_path / "supervisor", installation.url) as it:
        it.open("/reviews")
        it.sign_in("li.ming", PASSWORD)
        expect(it.page.get_by_text("新来的走访会自动出现")).to_be_visible()
        yield it


def _register(file: Path) -> Path:
    book = xlsxwriter.Workbook(str(file))
    sheet = book.add_worksheet("住户")
    sheet.write_string(0, 0, "开封里社区住户名册（2026 年）")
    for column, title in enumerate(("门牌", "户主", "联系电话", "人数", "备注")):
        sheet.write_string(1, column, title)
    for row, (door, name) in enumerate(zip(DOORS, NAMES, strict=True), start=2):
        sheet.write_string(row, 0, f"3号楼2门{door}")
        sheet.write_string(row, 1, name)
        sheet.write_string(row, 2, f"1990000{row:04d}")
        sheet.write_string(row, 3, "2")
        sheet.write_string(row, 4, "独居老人" if row % 4 == 0 else "")
    book.close()
    return file
