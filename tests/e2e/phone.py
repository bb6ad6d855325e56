"""A phone: Debian's Chromium at 390×844 with a profile of its own on disk, killed and started again as phones are."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, CDPSession, Page, Playwright, expect

CHROMIUM = "/usr/bin/chromium"
COUNT_TAPS = """
(() => {
  window.taps = 0
  addEventListener('click', (event) => { if (event.isTrusted) window.taps += 1 }, true)
})()
"""


class Phone:
    """One profile. :meth:`start` opens the browser on it; :meth:`kill` ends every process of it at once."""

    def __init__(self, playwright: Playwright, profile: Path, url: str) -> None:
        self._playwright = playwright
        self._profile = profile
        self.url = url
        self.context: BrowserContext
        self.page: Page

    def start(self, *, online: bool = True) -> None:
        self.context = self._playwright.chromium.launch_persistent_context(
            str(self._profile),
            executable_path=CHROMIUM,
            args=["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
            viewport={"width": 390, "height": 844},
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            permissions=["notifications"],
        )
        self.context.set_offline(not online)
        self.context.add_init_script(COUNT_TAPS)
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

    def synced(self, *, within: float = 10) -> None:
        """Wait until the phone says that everything is uploaded."""
        expect(self.page.get_by_test_id("sync-text")).to_have_text("已全部同步", timeout=within * 1000)


@contextmanager
def phone(playwright: Playwright, profile: Path, url: str) -> Iterator[Phone]:
    """Give a started phone, and put it away afterwards."""
    it = Phone(playwright, profile, url)
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
