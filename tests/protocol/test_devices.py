"""Stock PouchDB as an application has it, in node and in Chromium (IndexedDB), behind a network at its worst."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.phone import CHROMIUM
from tests.protocol.packages import HERE, NODE, installed
from tests.protocol.proxy import FATES, Proxy
from tests.protocol.replication import COUNT, LONG, Server, equal, leaf, revision, same, serving, trouble, until

RATE: Final = 0.01 if LONG else 0.04
"""Of its requests: it begins its batch anew after each mishap, and asks for each attachment by itself."""
SECONDS: Final = 900 if LONG else 90
PAGE: Final = b"""<!doctype html><meta charset="utf-8"><title>PouchDB</title>
<script src="/device/pouchdb.js"></script><script src="/device/lossy.js"></script>"""

pytestmark = [
    pytest.mark.node,
    pytest.mark.browser,
    pytest.mark.skipif(NODE is None, reason="node is not installed: make setup brings it"),
]


class Device:
    """Calls what lossy.js has."""

    def call(self, name: str, *given: Any) -> Any:
        raise NotImplementedError

    def held(self, database: str) -> dict[str, Any]:
        """Return what :meth:`Server.held` returns of the same documents."""
        return {id_: leaf(winner, docs) for id_, (winner, docs) in self.call("held", database).items()}


class InNode(Device):
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process: Final = process

    def call(self, name: str, *given: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"call": name, "with": given}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


class InChromium(Device):
    def __init__(self, page: Any) -> None:
        self._page: Final = page

    def call(self, name: str, *given: Any) -> Any:
        return self._page.evaluate("([name, given]) => lossy[name](...given)", [name, given])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("ours")) as server:
        server.create("src")
        server.store("src", trouble(COUNT))
        yield server


@contextmanager
def switched_on(kind: str, proxy: Proxy, request: pytest.FixtureRequest) -> Iterator[Device]:
    """Have a device with one empty database, ``here``."""
    if kind == "node":
        with subprocess.Popen([str(NODE), "device.cjs"], cwd=HERE, stdin=-1, stdout=-1, text=True) as process:
            device: Device = InNode(process)
            device.call("open", "here", {"adapter": "memory"})
            yield device
            process.kill()
        return
    browser: Browser = request.getfixturevalue("browser")
    page = browser.new_page()
    page.goto(f"{proxy.url}/device/")
    device = InChromium(page)
    device.call("open", "here", {"adapter": "idb"})
    yield device
    page.close()


def network(ours: Server, seed: int) -> Proxy:
    packages = installed(HERE)
    script = "text/javascript; charset=utf-8"
    pages = {
        "/device/": ("text/html; charset=utf-8", PAGE),
        "/device/pouchdb.js": (script, (packages / "pouchdb" / "dist" / "pouchdb.min.js").read_bytes()),
        "/device/lossy.js": (script, (HERE / "lossy.js").read_bytes()),
    }
    return Proxy(ours.root, seed=seed, rate=RATE, gullible=True, pages=pages)


@pytest.mark.parametrize("kind", ["node", "chromium"])
def test_once_down_and_once_up(ours: Server, kind: str, request: pytest.FixtureRequest) -> None:
    begun = time.monotonic()
    with network(ours, 5) as proxy, switched_on(kind, proxy, request) as device:
        down = device.call("replicate", ours.url("src", by=proxy.url), "here", {"batch_size": 100})
        same(ours.held("src"), device.held("here"))
        middle = time.monotonic()
        up = device.call("replicate", "here", ours.url(f"from-{kind}", by=proxy.url), {"batch_size": 100})
        equal(ours, "src", ours, f"from-{kind}")
        assert sum(proxy.happened[fate] for fate in FATES) > 5, proxy.happened
    ended = time.monotonic()
    print(f"{COUNT}: {middle - begun:.1f} s, {down} begun; {ended - middle:.1f} s, {up} begun; {dict(proxy.happened)}")  # noqa: T201  seen with -s


@pytest.mark.parametrize("kind", ["node", "chromium"])
def test_live_in_both_directions(ours: Server, kind: str, request: pytest.FixtureRequest) -> None:
    begun = time.monotonic()
    name = f"live-{kind}"
    ours.create(name)
    ours.store(name, [*trouble(COUNT // 2), *(revision(f"both:{n}", 1, "aa", n=n) for n in range(20))])
    with network(ours, 6) as proxy, switched_on(kind, proxy, request) as device:
        device.call("wait", 20_000 if LONG else 4_000)
        device.call("store", "here", trouble(COUNT // 2, seed=2, kind="here"))
        url = ours.url(name, by=proxy.url)
        device.call("follow", "here", url, {"batch_size": 100})
        device.call("store", "here", [revision(f"both:{n}", 2, "bb", "aa", side="here") for n in range(20)])
        ours.store(name, [revision(f"both:{n}", 2, "cc", "aa", side="there") for n in range(0, 20, 2)])
        ours.store(name, [revision(f"both:{n}", 2, "cc", "aa", _deleted=True) for n in range(1, 20, 2)])

        compared = 0

        def the_same() -> bool:
            """Once it is quiet, have it compare from the beginning if it lacks some: see docs/replication.md."""
            nonlocal compared
            if not device.call("quiet"):
                return False
            if device.call("leaves", "here") == ours.leaves(name):
                return True
            for pair in (("here", url), (url, "here")):
                device.call("replicate", *pair, {"batch_size": 100, "checkpoint": False})
            compared += 1
            return False

        until(the_same, "the same leaves", SECONDS)
        held = ours.held(name)
        same(held, device.held("here"))
        times = device.call("unfollow")
    assert [held[f"both:{n}"]["winner"] for n in (0, 1)] == ["2-cc", "2-bb"]
    assert ours.http.get(f"/{name}").json()["doc_count"] == sum(each["winner"] is not None for each in held.values())
    assert len(held) > COUNT
    print(f"{COUNT}: {time.monotonic() - begun:.1f} s, {times} begun, {compared} compared; {dict(proxy.happened)}")  # noqa: T201  seen with -s
