"""A walk through every screen of the demo district, one after another, each brought to the state worth looking at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect

from server.demo.people import PASSWORD
from tests.e2e.phone import Phone, phone
from tests.installation import Installation

QUIET_DOOR = "hp-1-01-1-3"
"""A stairwell of the demo whose visitor, made by :func:`prepare`, promised nothing to anybody."""
NEWCOMER = "newcomer"
LONG_AGO = "[data-door].mark-old"
"""Doors where somebody lives and was met, some time ago."""


@dataclass(frozen=True)
class Screen:
    """What is to be seen now. ``name`` is a file's name; ``title`` says in the interface's language what it shows."""

    name: str
    title: str
    page: Page


def prepare(run: Callable[..., str]) -> None:
    """Add whom the tour needs besides the demo district's own people; ``run`` runs a command on it."""
    described = [NEWCOMER, "--display-name", "小林（新来的）", "--password-stdin"]
    run("user", "add", *described, stdin=PASSWORD + "\n")
    run("grant", "add", NEWCOMER, "visitor", QUIET_DOOR)


def tour(playwright: Playwright, folder: Path, demo: Installation) -> Iterator[Screen]:
    """Yield each screen while it is shown."""
    with _switched_on(playwright, folder / "visitor", demo) as it:
        yield from _front_door(it)
        it.sign_in("demo-visitor", PASSWORD)
        it.synced(within=30)
        yield from _doors(it)
        yield from _household(it)
        yield from _outbox(it)
        yield from _me(it)
    with _switched_on(playwright, folder / "newcomer", demo) as it:
        it.open("/today")
        it.sign_in(NEWCOMER, PASSWORD)
        it.synced(within=30)
        expect(it.page.get_by_text("今天没有要回访的人家")).to_be_visible()
        yield Screen("today-empty", "今天：没有要回访的", it.page)
    with _switched_on(playwright, folder / "supervisor", demo) as it:
        yield from _reviews(it)
    with _switched_on(playwright, folder / "desk", demo, wide=True) as it:
        it.open("/reviews")
        it.sign_in("demo-supervisor", PASSWORD)
        it.page.get_by_test_id("review-row").filter(has_text="挂号").get_by_role("link").click()
        expect(it.page.get_by_text("新来的走访会自动出现")).to_be_visible()
        expect(it.page.get_by_role("button", name="通过", exact=True)).to_be_visible()
        yield Screen("reviews-desktop", "走访审阅（电脑）", it.page)


@contextmanager
def _switched_on(playwright: Playwright, profile: Path, demo: Installation, *, wide: bool = False) -> Iterator[Phone]:
    with phone(playwright, profile, demo.url, scale=1, wide=wide) as it:
        yield it


def _front_door(it: Phone) -> Iterator[Screen]:
    it.open("/#/setup/one-time-token")
    expect(it.page.get_by_label("再输一遍密码")).to_be_visible()
    yield Screen("setup", "第一次使用：建立管理员", it.page)
    it.open("/login")
    expect(it.page.get_by_label("登录名")).to_be_visible()
    yield Screen("login", "登录", it.page)


def _doors(it: Phone) -> Iterator[Screen]:
    page = it.page
    it.controlled()
    expect(page.get_by_test_id("followup-card").first).to_be_visible()
    yield Screen("today", "今天", page)
    it.tab("楼栋")
    expect(page.get_by_text("选一次，以后打开就是它。")).to_be_visible()
    yield Screen("doors", "选楼门", page)
    page.get_by_role("button", name="1号楼1门").tap()
    cells = page.locator("[data-door]")
    expect(cells.first).to_be_visible()
    yield Screen("building", "楼栋图", page)
    page.get_by_text("图例").tap()
    yield Screen("building-legend", "楼栋图的图例", page)
    page.get_by_text("图例").tap()

    page.get_by_role("button", name="找人").tap()
    page.get_by_label("找人：姓名").fill("z")
    expect(page.get_by_text("找到")).to_be_visible()
    yield Screen("search", "找人", page)
    page.get_by_role("button", name="关闭", exact=True).tap()
    page.get_by_role("button", name="补一户").tap()
    page.get_by_label("门牌").fill("901")
    yield Screen("add-door", "补一户", page)
    page.get_by_role("button", name="关闭", exact=True).tap()

    page.locator(LONG_AGO).nth(1).tap()
    expect(page.get_by_role("button", name="见面", exact=True)).to_be_visible()
    yield Screen("record", "记录走访", page)
    page.get_by_role("button", name="见面", exact=True).tap()
    page.get_by_role("group", name="需要什么").get_by_role("button").first.tap()
    page.get_by_role("button", name="1 周", exact=True).tap()
    yield Screen("met", "见面：一页记完", page)
    page.get_by_role("button", name="关闭", exact=True).tap()


def _household(it: Phone) -> Iterator[Screen]:
    page = it.page
    it.tab("今天")
    page.get_by_test_id("followup-card").first.get_by_role("button").first.tap()
    expect(page.get_by_test_id("history-item").first).to_be_visible()
    yield Screen("household", "住户", page)
    page.get_by_role("link", name="改住户资料").tap()
    expect(page.get_by_label("户主")).to_be_visible()
    yield Screen("household-edit", "改住户资料", page)
    page.get_by_role("button", name="返回").tap()


def _outbox(it: Phone) -> Iterator[Screen]:
    page = it.page
    it.tab("楼栋")
    expect(page.locator("[data-door]").first).to_be_visible()
    doors = [cell.get_attribute("data-door") or "" for cell in page.locator(LONG_AGO).all()]
    it.context.set_offline(True)
    it.record(doors[0], "没人")
    yield Screen("saved", "没人：一点就记下，三秒内可以撤销", page)
    it.record(doors[2], "见面", note="想学用手机挂号，下周带志愿者来")
    page.get_by_test_id("sync-line").tap()
    expect(page.get_by_test_id("outbox-waiting")).to_have_count(2)
    expect(page.get_by_test_id("flash")).to_have_count(0)
    yield Screen("outbox-waiting", "上传箱：没有网络，等着上传", page)
    it.context.set_offline(False)
    it.synced(within=30)

    it.set_clock(days=3)
    it.tab("楼栋")
    it.record(doors[3], "见面", note="问了低保怎么申请")
    it.says("1 条需要修改")
    page.get_by_test_id("sync-line").tap()
    expect(page.get_by_test_id("outbox-refused")).to_be_visible()
    it.set_clock(days=0)
    expect(page.get_by_test_id("outbox-refused")).to_be_visible()
    expect(page.get_by_role("button", name="现在上传")).to_be_enabled()
    expect(page.get_by_text("上次同步：今天")).to_be_visible()
    yield Screen("outbox-refused", "上传箱：有一条没有收下，原因和办法", page)
    page.get_by_test_id("outbox-refused").get_by_role("link", name="修改").tap()
    expect(page.get_by_test_id("mend-reason")).to_be_visible()
    yield Screen("mend", "修改走访记录", page)
    page.get_by_role("button", name="保存", exact=True).tap()
    it.synced(within=30)
    expect(page.get_by_test_id("flash")).to_have_count(0)


def _me(it: Phone) -> Iterator[Screen]:
    page = it.page
    it.tab("我的")
    expect(page.get_by_text("已用").first).to_be_visible()
    yield Screen("me", "我的", page)
    page.get_by_role("button", name="现在核对").tap()
    expect(page.get_by_test_id("proof")).to_contain_text("全都一致")
    expect(page.get_by_role("button", name="现在核对")).to_be_visible()
    page.get_by_role("heading", name="核对资料").evaluate("heading => heading.scrollIntoView()")
    yield Screen("proof", "核对资料：手机里的和服务器上的一样不一样", page)
    page.get_by_role("link", name="联系卡").tap()
    expect(page.get_by_text("我是您的走访人")).to_be_visible()
    yield Screen("card", "联系卡：给居民看", page)
    page.get_by_role("button", name="返回").tap()
    page.get_by_role("link", name="改密码").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("密码")
    yield Screen("password", "改密码", page)
    page.get_by_role("button", name="返回").tap()
    page.get_by_role("button", name="退出登录").tap()
    expect(page.get_by_role("button", name="先不退出")).to_be_visible()
    yield Screen("sign-out", "退出登录", page)
    page.get_by_role("button", name="先不退出").tap()
    it.context.clear_cookies()
    page.get_by_test_id("sync-line").tap()
    page.get_by_role("button", name="现在上传").tap()
    it.says("需要重新登录才能上传")
    page.get_by_test_id("sync-line").tap()
    expect(page.get_by_label("密码")).to_be_visible()
    yield Screen("sign-in-again", "登录过期：记录都在，登录后接着上传", page)


def _reviews(it: Phone) -> Iterator[Screen]:
    page = it.page
    it.open("/reviews")
    it.sign_in("demo-supervisor", PASSWORD)
    rows = page.get_by_test_id("review-row")
    expect(rows.first).to_be_visible()
    expect(page.get_by_text("新来的走访会自动出现")).to_be_visible()
    yield Screen("reviews", "走访审阅", page)
    rows.filter(has_text="挂号").get_by_role("link").tap()
    expect(page.get_by_role("button", name="通过", exact=True)).to_be_visible()
    yield Screen("review", "一条走访", page)
    page.get_by_role("button", name="退回", exact=True).tap()
    page.get_by_label("请写一句话，让他知道怎么改").fill("请补上老人要的药名，下次好带去。")
    yield Screen("return", "退回，写一句话", page)
