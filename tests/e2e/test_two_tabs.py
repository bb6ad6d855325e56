"""Two tabs of one phone share its databases: no record is lost, and none is sent that was not written."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.conftest import Stairwell
from tests.e2e.phone import Phone, phone
from tests.installation import PASSWORD

pytestmark = pytest.mark.browser

BUNDLER = Path(__file__).with_name("engine_parts.mjs")
TAB_A, TAB_B = ("601", "501", "401", "301"), ("602", "502", "402", "302")


def _no_answer(page: Page, door: str) -> None:
    page.bring_to_front()
    page.locator(f'[data-door="{door}"]').tap()
    page.get_by_role("button", name="没人", exact=True).tap()
    expect(page.get_by_test_id("flash")).to_contain_text(f"{door} ")


def test_visits_recorded_in_turn(stairwell: Stairwell, phones: Callable[..., Phone]) -> None:
    phone = phones(stairwell.url, stairwell.visitor)
    one, two = phone.page, phone.context.new_page()
    two.goto(stairwell.url + "/building")
    expect(two.locator('[data-door="601"]')).to_be_visible()

    phone.context.set_offline(True)
    for a, b in zip(TAB_A, TAB_B, strict=True):
        _no_answer(one, a)
        _no_answer(two, b)
    # Each tab counts what the other wrote, and shows it.
    for page in (one, two):
        page.bring_to_front()
        expect(page.get_by_test_id("sync-text")).to_contain_text("8 条待上传")
        page.get_by_test_id("sync-line").tap()
        expect(page.get_by_test_id("outbox-waiting")).to_have_count(8)
        for door in (*TAB_A, *TAB_B):
            expect(page.get_by_test_id("outbox-waiting").filter(has_text=f"门{door}")).to_have_count(1)

    phone.context.set_offline(False)
    for page in (one, two):
        expect(page.get_by_test_id("sync-text")).to_have_text("已全部同步")
        expect(page.get_by_test_id("outbox-waiting")).to_have_count(0)
    visits = stairwell.documents("visit")
    assert sorted(visit["household"] for visit in visits) == sorted(stairwell.household(d) for d in (*TAB_A, *TAB_B))
    assert all(visit["_rev"].startswith("1-") and "_conflicts" not in visit for visit in visits)


@pytest.fixture(scope="module")
def engine_parts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The engine's store and sender, as a script for a page."""
    folder = tmp_path_factory.mktemp("parts")
    subprocess.run(["node", BUNDLER, folder], check=True, timeout=120)
    return f"(() => {{ {(folder / 'parts.js').read_text()}; globalThis.parts = parts }})()"


OPEN = "(async () => { globalThis.store = await parts.AreaStore.open('photos', 'attic', 'probe/photos-attic') })()"
WRITE = """
([tab, count]) => {
  globalThis.job = (async () => {
    for (let turn = 0; turn < count; turn++) {
      await store.write([
        { id: `note:${tab}-${turn}`, next: () => ({ _id: `note:${tab}-${turn}`, type: 'note', tab, turn }) },
        { id: 'note:both', next: (now) => ({ ...now, _id: 'note:both', [tab]: turn, writes: (now?.writes ?? 0) + 1 }) },
      ], Date.now())
    }
  })()
}
"""


def test_tabs_that_write_at_once_lose_nothing(
    playwright: Playwright, stairwell: Stairwell, engine_parts: str, tmp_path: Path
) -> None:
    with phone(playwright, tmp_path / "phone", stairwell.url) as it:
        one, two = it.page, it.context.new_page()
        for page in (one, two):
            page.goto(stairwell.url + "/healthz")
            page.evaluate(engine_parts)
            page.evaluate(OPEN)
        for page, tab in ((one, "a"), (two, "b")):
            page.evaluate(WRITE, [tab, 25])
        for page in (one, two):
            page.evaluate("job")
        both, rows, markers = one.evaluate(
            "Promise.all([store.db.get('note:both'), store.load().then(all => all.documents.length),"
            " store.markers().then(all => all.length)])"
        )
        assert (both["a"], both["b"], both["writes"], both["_rev"].split("-")[0]) == (24, 24, 50, "50")
        assert (rows, markers) == (51, 51)


FORK = """
(async () => {
  const revision = (hash, data) => ({
    _id: 'photo:fork', type: 'photo', _rev: `1-${hash}`, _revisions: { start: 1, ids: [hash] },
    _attachments: { 'image.jpg': { content_type: 'image/jpeg', data } },
  })
  await store.db.bulkDocs([revision('b'.repeat(32), btoa('winner'))], { new_edits: false })
  await store.db.bulkDocs([revision('a'.repeat(32), btoa('loser'))], { new_edits: false })
  await store.write([{ id: 'photo:fork', next: (now) => ({ ...now, title: 'edited' }) }], Date.now())
})()
"""
SEND = """
(async () => {
  const wire = parts.wire({
    fetch: (path, init) => fetch(path, init), base: '', closed: new AbortController().signal, onUnauthorized() {},
  })
  await wire.send('/sync/attic', { method: 'PUT' })
  await parts.push(store, '/sync/attic', wire, await store.markers(), Date.now, async () => {})
  return (await store.markers()).length
})()
"""


def test_a_picture_on_a_losing_revision_is_sent_too(
    playwright: Playwright, stairwell: Stairwell, engine_parts: str, tmp_path: Path
) -> None:
    with phone(playwright, tmp_path / "phone", stairwell.url) as it:
        entered = it.context.request.post(
            stairwell.url + "/api/session",
            data={"name": "chief", "password": PASSWORD},
            headers={"Origin": stairwell.url},
        )
        assert entered.ok, entered.text()
        it.open("/healthz")
        it.page.evaluate(engine_parts)
        it.page.evaluate(OPEN)
        it.page.evaluate(FORK)
        # Another start of the page reads it from disk, and sends it.
        it.page.reload()
        it.page.evaluate(engine_parts)
        it.page.evaluate(OPEN)
        assert it.page.evaluate(SEND) == 0

    winner = stairwell.ask("GET", "/sync/attic/photo:fork?attachments=true&conflicts=true")
    [losing] = winner["_conflicts"]
    loser = stairwell.ask("GET", f"/sync/attic/photo:fork?rev={losing}&attachments=true")
    pictures = [base64.b64decode(each["_attachments"]["image.jpg"]["data"]) for each in (winner, loser)]
    assert (winner["title"], pictures) == ("edited", [b"winner", b"loser"])
