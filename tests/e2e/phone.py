"""A phone: Debian's Chromium at 390×844 with a profile of its own on disk, killed and started again as phones are."""

import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, Playwright, expect

CHROMIUM = "/usr/bin/chromium"
AT_ONCE = frozenset({"没人", "已搬走", "空置"})
"""Outcomes that are kept at the tap, with three seconds to take them back."""
COUNT_TAPS = """
(() => {
  window.taps = 0
  addEventListener('click', (event) => { if (event.isTrusted) window.taps += 1 }, true)
})()
"""
CLOCK = """
(() => {
  const now = Date.now.bind(Date)
  try { Date.now = () => now() + Number(localStorage.getItem('test.clock') ?? 0) } catch {}
})()
"""


class Phone:
    """One profile. :meth:`start` opens the browser on it; :meth:`kill` ends every process of it at once."""

    def __init__(
        self, playwright: Playwright, profile: Path, url: str, *, scale: float = 2, wide: bool = False
    ) -> None:
        self._playwright = playwright
        self._profile = profile
        self._scale = scale
        self._wide = wide
        self.url = url
        self.context: BrowserContext
        self.page: Page

    def start(self, *, online: bool = True) -> None:
        self.context = self._playwright.chromium.launch_persistent_context(
            str(self._profile),
            executable_path=CHROMIUM,
            args=["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
            viewport={"width": 1280, "height": 800} if self._wide else {"width": 390, "height": 844},
            device_scale_factor=self._scale,
            is_mobile=not self._wide,
            has_touch=True,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            permissions=["notifications"],
        )
        self.context.set_offline(not online)
        self.context.add_init_script(COUNT_TAPS)
        self.context.add_init_script(CLOCK)
        self.page = self.context.pages[0]

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def keeps_session(self) -> None:
        """Wait until the browser has written the session's cookie to disk, which it does within half a minute."""
        while not self._cookie_on_disk():
            self.page.wait_for_timeout(250)  # between two looks at a file; lets the browser go on

    def _cookie_on_disk(self) -> bool:
        for file in self._profile.glob("Default/**/Cookies"):
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as jar:
                try:
                    [(found,)] = jar.execute("SELECT count(*) FROM cookies WHERE name = 'baijiamen_session'")
                except sqlite3.OperationalError:  # being written just now
                    return False
                return bool(found)
        return False

    def kill(self) -> None:
        """End the browser as Android does: no warning, nothing flushed."""
        for pid in _processes(str(self._profile)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.context.close()

    def cdp(self) -> CDPSession:
        return self.context.new_cdp_session(self.page)

    def sign_in(self, name: str, password: str) -> None:
        self.page.get_by_label("登录名").fill(name)
        self.page.get_by_label("密码", exact=True).fill(password)
        self.page.get_by_role("button", name="登录", exact=True).tap()
        expect(self.page.get_by_test_id("sync-text")).to_be_visible()

    def controlled(self) -> None:
        """Wait until the service worker has the page: from now on a start needs no network."""
        self.page.wait_for_function("navigator.serviceWorker.controller?.state === 'activated'")

    def set_clock(self, days: float) -> None:
        """Set the phone's clock fast by so many days, and start the application anew."""
        self.page.evaluate("ms => localStorage.setItem('test.clock', ms)", days * 86_400_000)
        self.page.reload()

    def door(self, number: str) -> Locator:
        """A door of the building view."""
        return self.page.locator(f'[data-door="{number}"]')

    def record(self, door: str, outcome: str, *, note: str = "") -> None:
        """Record a visit from the building view, on to where the phone says that it is kept."""
        self.door(door).tap()
        self.page.get_by_role("button", name=outcome, exact=True).tap()
        if note:
            self.page.get_by_label("一句话").fill(note)
        if outcome not in AT_ONCE:
            self.page.get_by_role("button", name="保存", exact=True).tap()
        expect(self.page.get_by_test_id("flash")).to_contain_text(f"{door} ")

    def says(self, text: str | re.Pattern[str]) -> None:
        """Wait until the line about syncing says so."""
        expect(self.page.get_by_test_id("sync-text")).to_contain_text(text)

    def tab(self, name: str) -> None:
        """Go to one of the main pages."""
        self.page.get_by_role("link", name=name, exact=True).tap()

    def databases(self) -> list[str]:
        """Return the names of the databases in the browser."""
        names: list[str] = self.page.evaluate("indexedDB.databases().then(all => all.map(each => each.name))")
        return sorted(names)

    def synced(self, *, within: float = 10) -> None:
        """Wait until the phone says that everything is uploaded."""
        expect(self.page.get_by_test_id("sync-text")).to_have_text("已全部同步", timeout=within * 1000)


@contextmanager
def phone(playwright: Playwright, profile: Path, url: str, *, scale: float = 2, wide: bool = False) -> Iterator[Phone]:
    """Give a started phone (or, `wide`, a desk), and put it away afterwards."""
    it = Phone(playwright, profile, url, scale=scale, wide=wide)
    it.start()
    try:
        yield it
    finally:
        it.context.close()


def _processes(profile: str) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"--user-data-dir={profile}".encode() in words:
                found.append(int(folder.name))
    return found
