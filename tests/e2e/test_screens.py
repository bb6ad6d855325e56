"""Every screen as it is today: nothing sticks out, nothing is too heavy to fetch; pictures for the documentation.

``BAIJIAMEN_SCREENS=docs/screens .venv/bin/pytest tests/e2e/test_screens.py`` takes the pictures anew.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, expect

from server.demo.people import PASSWORD as DEMO_PASSWORD
from tests.e2e.conftest import Stairwell
from tests.e2e.phone import Phone, phone
from tests.e2e.tour import Screen, tour
from tests.installation import Installation

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
DARK = {"today": "今天（深色）", "building": "楼栋图（深色）", "record": "记录走访（深色）"}
LARGE = {"today": "今天（字放大到 200%）", "building": "楼栋图（字放大到 200%）"}
OVERVIEW = ("today", "building", "record")
FIRST_LOAD = 200_000
"""Bytes of compressed script from the log-in to the first page."""
STICKS_OUT = """
() => {
  const wide = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= wide) return []
  return [...document.querySelectorAll('body *')]
    .filter((each) => each.getBoundingClientRect().right > wide + 1)
    .map((each) => each.outerHTML.slice(0, 120))
}
"""


def test_pictures_of_every_screen(playwright: Playwright, demo: Installation, tmp_path: Path) -> None:
    wanted = os.environ.get("BAIJIAMEN_SCREENS")
    folder = ROOT / wanted if wanted else tmp_path / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    taken: dict[str, str] = {}
    wide: list[str] = []

    def take(screen: Screen, name: str, title: str) -> None:
        file = folder / f"{name}.png"
        screen.page.screenshot(path=file, animations="disabled")
        taken[name] = title
        wide.extend(f"{name}: {each}" for each in screen.page.evaluate(STICKS_OUT))
        if wanted:
            with Image.open(file) as picture:
                plain = picture.convert("RGB")
            plain.save(file, optimize=True)

    for screen in tour(playwright, tmp_path, demo):
        take(screen, screen.name, screen.title)
        if screen.name in DARK:
            screen.page.emulate_media(color_scheme="dark")
            take(screen, f"{screen.name}-dark", DARK[screen.name])
            screen.page.emulate_media(color_scheme="light")
        if screen.name in LARGE:
            _text_size(screen.page, "200%")
            take(screen, f"{screen.name}-large", LARGE[screen.name])
            _text_size(screen.page, "")
    assert len(taken) >= 25
    assert not wide, "\n".join(wide)
    if wanted:
        _overview(folder)
        _list(folder, taken)
        assert sum(file.stat().st_size for file in folder.iterdir()) < 2_500_000


def test_the_first_load_is_light(playwright: Playwright, demo: Installation, tmp_path: Path) -> None:
    with phone(playwright, tmp_path / "new", demo.url) as it:
        scripts: dict[str, str] = {}
        sizes: dict[str, int] = {}
        cdp = it.cdp()
        cdp.on("Network.responseReceived", lambda event: scripts.update({event["requestId"]: event["response"]["url"]}))
        cdp.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
        cdp.send("Network.enable")
        began = monotonic()
        it.open()
        it.sign_in("demo-visitor", DEMO_PASSWORD)
        expect(it.page.get_by_test_id("followup-card").first).to_be_visible()
        seconds = monotonic() - began
        fetched = [(url.rsplit("/", 1)[-1], sizes.get(id_, 0)) for id_, url in scripts.items()]
    ours = [(name, size) for name, size in fetched if name.endswith(".js")]
    total = sum(size for _, size in ours)
    _say(f"first load: {total / 1000:.0f} kB of script in {len(ours)} files, {seconds:.1f} s to the first page")
    assert 0 < total <= FIRST_LOAD, ours


def test_a_visit_takes_few_taps(stairwell: Stairwell, phones: Callable[..., Phone]) -> None:
    it = phones(stairwell.url, stairwell.visitor)
    it.context.set_offline(True)
    costs = {}
    for door, outcome in (("601", "没人"), ("602", "见面")):
        taps, began = it.page.evaluate("window.taps"), monotonic()
        it.record(door, outcome)
        costs[outcome] = (it.page.evaluate("window.taps") - taps, monotonic() - began)
    _say("; ".join(f"{outcome}: {taps} taps, {seconds:.1f} s" for outcome, (taps, seconds) in costs.items()))
    assert costs["没人"][0] == 2
    assert costs["见面"][0] == 3
    assert all(seconds < 30 for _, seconds in costs.values())


def _say(figures: str) -> None:
    sys.stdout.write(f"\n{figures}\n")


def _text_size(page: Page, size: str) -> None:
    page.evaluate("size => { document.documentElement.style.fontSize = size }", size)


def _overview(folder: Path) -> None:
    """Put three screens side by side."""
    pictures = [Image.open(folder / f"{name}.png").convert("RGB") for name in OVERVIEW]
    gap = 24
    width = sum(each.width + gap for each in pictures) + gap
    sheet = Image.new("RGB", (width, pictures[0].height + 2 * gap), "#8b8177")
    left = gap
    for each in pictures:
        sheet.paste(each, (left, gap))
        left += each.width + gap
    sheet.save(folder / "overview.png", optimize=True)


def _list(folder: Path, taken: dict[str, str]) -> None:
    lines = ["# 界面一览", "", "演示数据（人名、电话都是编的），390×844；电脑上的审阅页 1280×800。", ""]
    lines += ["重新截图：`BAIJIAMEN_SCREENS=docs/screens .venv/bin/pytest tests/e2e/test_screens.py`", ""]
    lines += ["![今天、楼栋图、记录走访](overview.png)", "", "| 界面 | 图 |", "| --- | --- |"]
    lines += [f"| {title} | [{name}.png]({name}.png) |" for name, title in taken.items()]
    (folder / "README.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
