"""A new version of the application is offered and never forced; what was being written is still there after it."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import quickly, register
from tests.e2e.phone import Phone
from tests.installation import PASSWORD, Installation

pytestmark = pytest.mark.browser

BUILD = Path(__file__).parents[2] / "pwa" / "dist"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A copy of the build that a test may replace by a newer one."""
    folder = tmp_path / "dist"
    shutil.copytree(BUILD, folder)
    return folder


@pytest.fixture
def installation(tmp_path: Path, build: Path) -> Iterator[Installation]:
    it = Installation(tmp_path, settings={"BAIJIAMEN_PWA": str(build)})
    quickly(it, "area", "add", "hp", "--kind", "community", "--name", "开封里社区")
    quickly(it, "user", "add", "zhang.li", "--display-name", "张丽", "--password-stdin", stdin=PASSWORD + "\n")
    quickly(it, "import", "households", str(register(tmp_path / "名册.xlsx")), "--area", "hp", "--by", "zhang.li")
    quickly(it, "grant", "add", "zhang.li", "visitor", "hp")
    it.start("--no-scheduler")
    yield it
    it.stop()


def _release(build: Path) -> None:
    """Put a newer build in the place of this one: a page that says so, and the worker that knows of it."""
    page, worker = build / "index.html", build / "sw.js"
    for file in (page, worker):
        for made in (file.with_name(file.name + ".br"), file.with_name(file.name + ".gz")):
            made.unlink(missing_ok=True)
    page.write_text(page.read_text().replace("<head>", '<head><meta name="build" content="newer">'))
    listed = re.compile(r'"revision":"(\w+)","url":"index.html"')
    script, changed = listed.subn(r'"revision":"newer-\1","url":"index.html"', worker.read_text())
    assert changed == 1, "the worker names the page among what it keeps"
    worker.write_text(script)


def test_a_new_version_waits_until_it_is_taken_and_drafts_outlive_it(
    installation: Installation, build: Path, phones: Callable[..., Phone]
) -> None:
    phone = phones(installation.url, "zhang.li")
    page = phone.page
    offer = page.get_by_role("button", name="有新版本，点这里更新")
    newer = page.locator('meta[name="build"][content="newer"]')
    page.evaluate("window.sameage = true")
    phone.door("601").tap()
    page.get_by_role("button", name="见面", exact=True).tap()
    page.get_by_label("一句话").fill("老人要一份助餐卡")
    page.get_by_role("button", name="1 周", exact=True).tap()

    _release(build)
    # The application looks by itself every hour; this is that look.
    page.evaluate("navigator.serviceWorker.getRegistration().then(registration => registration.update())")
    expect(offer).to_be_attached()
    expect(page.get_by_label("一句话")).to_have_value("老人要一份助餐卡")
    assert page.evaluate("window.sameage")

    # Not even a start anew takes it: the old version goes on until it is tapped.
    page.reload()
    expect(offer).to_be_visible()
    expect(newer).to_have_count(0)

    # Taken from within: the sheet is put away, nothing of it is lost.
    phone.door("601").tap()
    expect(page.get_by_label("一句话")).to_have_value("老人要一份助餐卡")
    page.get_by_label("一句话").fill("老人要两份助餐卡")
    page.get_by_role("button", name="关闭", exact=True).tap()
    offer.tap()
    expect(newer).to_have_count(1)
    expect(offer).to_have_count(0)
    phone.door("601").tap()
    expect(page.get_by_role("dialog")).to_contain_text("上次没写完的还在这里")
    expect(page.get_by_label("一句话")).to_have_value("老人要两份助餐卡")
    expect(page.get_by_role("button", name="1 周", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="保存", exact=True).tap()
    phone.synced(within=20)
