"""No screen hinders people: axe looks at each, light and dark, at the usual text size and at twice it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.tour import tour
from tests.installation import Installation

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "pwa" / "node_modules" / "axe-core" / "axe.min.js"
SEVERE = frozenset({"serious", "critical"})
LOOK = """
async () => {
  // What is still moving is see-through, and no colour of it is the colour it will have.
  await Promise.all(document.getAnimations().map((each) => each.finished.catch(() => undefined)))
  const { violations } = await axe.run(document, { resultTypes: ['violations'] })
  const places = (nodes) => nodes.map((node) => `${node.html} ${node.failureSummary}`)
  return violations.map(({ id, impact, help, nodes }) => [id, impact, help, places(nodes)])
}
"""


def _faults(page: Page, scheme: Any, text: str) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text())
    found = page.evaluate(LOOK)
    return [f"{id_} ({impact}): {help_}\n    {nodes}" for id_, impact, help_, nodes in found if impact in SEVERE]


def test_no_screen_has_a_serious_fault(playwright: Playwright, demo: Installation, tmp_path: Path) -> None:
    faults, screens = [], 0
    for screen in tour(playwright, tmp_path, demo):
        screens += 1
        for text in ("", "200%"):
            for scheme in ("light", "dark"):
                found = _faults(screen.page, scheme, text)
                faults += [f"{screen.name}, {scheme}, {text or '100%'}: {each}" for each in found]
        page = screen.page
        page.emulate_media(color_scheme="light")
        page.evaluate("document.documentElement.style.fontSize = ''")
    assert screens >= 20
    assert not faults, "\n".join(faults)
