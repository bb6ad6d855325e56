"""A district as its administrator would set it up: areas, accounts, grants, registers; then the server."""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from click.testing import CliRunner
from playwright.sync_api import Playwright, expect, sync_playwright

from server.cli import main
from tests.e2e.phone import Phone, phone
from tests.e2e.tour import prepare
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
NEIGHBOUR = "hp-x-2"
STAIRWELLS = 12
"""In the neighbouring community: one for each test file that needs one to itself."""

expect.set_options(timeout=20_000)


@dataclass(frozen=True)
class Stairwell:
    """A stairwell of :data:`DOORS` that no other test uses, with its own visitor."""

    area: str
    name: str
    visitor: str
    installation: Installation

    @property
    def url(self) -> str:
        return self.installation.url

    def household(self, door: str) -> str:
        return f"household:{self.area}:{door}"

    def ask(self, method: str, path: str, body: object = None, *, who: str = "chief") -> Any:
        """Ask the replication endpoints as an account; what they answer must be a success."""
        words = base64.b64encode(f"{who}:{PASSWORD}".encode()).decode()
        status, answer = self.installation.call(
            method, path, body, headers={"Authorization": f"Basic {words}", "Accept": "application/json"}
        )
        assert status < 400, (method, path, status, answer)
        return answer

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of the administrator's."""
        return quickly(self.installation, *arguments, stdin=stdin)

    def documents(self, kind: str) -> list[dict[str, Any]]:
        """Return the winners of one type in this area, as the server has them, with their conflicts."""
        path = f"/sync/area-{self.area}/_all_docs?include_docs=true&conflicts=true"
        rows = self.ask("GET", path)["rows"]
        return [row["doc"] for row in rows if row["id"].startswith(kind + ":")]


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    it = Installation(folder, settings={"BAIJIAMEN_PUSH__ALLOW_LOOPBACK": "true"})
    for area, kind, name, parent in (
        ("hp", "district", "和平区", None),
        ("hp-x", "street", "小白楼街道", "hp"),
        (COMMUNITY, "community", "开封里社区", "hp-x"),
        (NEIGHBOUR, "community", "兴安里社区", "hp-x"),
    ):
        quickly(it, "area", "add", area, "--kind", kind, "--name", name, *(["--parent", parent] if parent else []))
    for name, shown in (("chief", "管理员"), ("zhang.li", "张丽"), ("li.ming", "李明")):
        extra = ["--admin"] if name == "chief" else []
        quickly(it, "user", "add", name, "--display-name", shown, "--password-stdin", *extra, stdin=PASSWORD + "\n")
    quickly(it, "import", "households", str(register(folder / "名册.xlsx")), "--area", COMMUNITY, "--by", "chief")
    wells = [f"8号楼{n}门" for n in range(1, STAIRWELLS + 1)]
    quickly(
        it, "import", "households", str(register(folder / "邻里.xlsx", wells)), "--area", NEIGHBOUR, "--by", "chief"
    )
    quickly(it, "grant", "add", "zhang.li", "visitor", door_areas(it, COMMUNITY)[0])
    quickly(it, "grant", "add", "li.ming", "supervisor", COMMUNITY)
    it.start("--no-scheduler")
    yield it
    it.stop()


@pytest.fixture(scope="session")
def _next_stairwell(installation: Installation) -> Callable[[], Stairwell]:
    numbers, areas = count(), door_areas(installation, NEIGHBOUR)

    def take() -> Stairwell:
        number = next(numbers)
        visitor, area = f"visitor{number}", areas[number]
        quickly(
            installation, "user", "add", visitor, "--display-name", "周敏", "--password-stdin", stdin=PASSWORD + "\n"
        )
        quickly(installation, "grant", "add", visitor, "visitor", area)
        return Stairwell(area, f"8号楼{area.rsplit('-', 1)[-1]}门", visitor, installation)

    return take


@pytest.fixture(scope="module")
def stairwell(_next_stairwell: Callable[[], Stairwell]) -> Stairwell:
    """A stairwell and a visitor of this test file's own."""
    return _next_stairwell()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver. Not for the whole run: while it lives, no test of another file can have an event loop."""
    with sync_playwright() as it:
        yield it


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Installation]:
    """The demo district, fresh, with whom the tour needs besides."""
    it = Installation(tmp_path)
    it.run("demo", "--no-serve")
    prepare(partial(quickly, it))
    it.start("--no-scheduler")
    yield it
    it.stop()


@pytest.fixture
def phones(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[..., Phone]]:
    """Switch on a phone of its own name, signed in and synced: ``phones(url, account)``."""
    with ExitStack() as stack:
        numbers = count()

        def switch_on(url: str, account: str, password: str = PASSWORD, *, at: str = "/building") -> Phone:
            it = stack.enter_context(phone(playwright, tmp_path / f"phone-{next(numbers)}", url))
            it.open(at)
            it.sign_in(account, password)
            it.synced(within=30)
            it.controlled()
            return it

        yield switch_on


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


def quickly(installation: Installation, *arguments: str, stdin: str = "") -> str:
    """Run a command as :meth:`Installation.run` does, but in this process: setting up needs many."""
    ours = os.umask(0o077)  # a command sets its own; ours comes back
    try:
        done = CliRunner().invoke(main, [*arguments, "--data", str(installation.data)], input=stdin)
    finally:
        os.umask(ours)
    assert done.exit_code == 0, f"baijiamen {' '.join(arguments)}: {done.exit_code}\n{done.output}"
    return done.output


def door_areas(installation: Installation, community: str) -> list[str]:
    """Return the ids of a community's stairwells, in their order."""
    lines = [line.split() for line in quickly(installation, "area", "list").splitlines() if "\tdoor\t" in line]
    return [words[0] for words in lines if words[0].startswith(community + "-")]


def register(file: Path, stairwells: list[str] | None = None) -> Path:
    """Write a spreadsheet of households: a title row, the header, then every door of each stairwell."""
    book = xlsxwriter.Workbook(str(file))
    sheet = book.add_worksheet("住户")
    sheet.write_string(0, 0, "社区住户名册（2026 年）")
    for column, title in enumerate(("门牌", "户主", "联系电话", "人数", "备注")):
        sheet.write_string(1, column, title)
    doors = [(well, *each) for well in stairwells or ["3号楼2门"] for each in zip(DOORS, NAMES, strict=True)]
    for row, (well, door, name) in enumerate(doors, start=2):
        sheet.write_string(row, 0, f"{well}{door}")
        sheet.write_string(row, 1, name)
        sheet.write_string(row, 2, f"1990000{row:04d}")
        sheet.write_string(row, 3, "2")
        sheet.write_string(row, 4, "独居老人" if row % 4 == 0 else "")
    book.close()
    return file
