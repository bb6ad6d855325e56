"""pouchdb-server from npm and stock PouchDB as the other side; a network at its worst in between."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import couchdb
import httpx
import pytest

from tests.protocol.proxy import FATES, Proxy
from tests.protocol.replication import Server, equal, revision, serving, trouble, until

PEERS: Final = Path(__file__).parent / "peers"
NODE: Final = shutil.which("node")
MANY: Final = 10_000
SEEN: Final = tuple(fate for fate in FATES if not fate.endswith("as if whole") and fate != "captive redirect")
"""What PouchDB and pouchdb-server get over.

They take half an attachment, or half a question, for a whole one, and end when a redirect leads nowhere.
"""
LONG: Final = int(os.environ.get("BAIJIAMEN_TEST_NETWORKS", "2"))
"""Bad networks that are tried."""

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(NODE is None, reason="node is not installed: make setup brings it"),
]


def installed(folder: Path) -> None:
    """Have what the folder's package-lock.json names installed."""
    marker = folder / "node_modules" / ".package-lock.json"
    if not marker.exists() or marker.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
        npm = shutil.which("npm")
        assert npm, "npm is not installed"
        # without scripts: what they would compile is a database on disk, and this server keeps all in memory
        command = [npm, "ci", "--no-progress", "--ignore-scripts"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def pouch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A pouchdb-server with everything in memory."""
    installed(PEERS)
    assert NODE
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = PEERS / "node_modules" / "pouchdb-server" / "bin" / "pouchdb-server"
    # It dies of an answer that breaks off while it replicates by itself. What is tried here is what comes of it at our
    # side, so it is told to live on.
    options = ["--no-deprecation", "--require", PEERS / "survive.cjs"]
    command = [NODE, *options, program, "--in-memory", "--no-stdout-logs", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("pouch"), stdout=subprocess.DEVNULL)
    try:
        with Server(f"http://127.0.0.1:{port}") as server:
            until(lambda: answers(server), "pouchdb-server is up")
            yield server
    finally:
        process.terminate()
        process.wait(10)


def answers(server: Server) -> bool:
    try:
        return server.http.get("/").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("ours")) as server:
        server.create("src")
        server.store("src", trouble(800))
        server.create("small")
        server.store("small", trouble(120, seed=9))
        yield server


@pytest.fixture(scope="module")
def theirs(pouch: Server) -> Server:
    pouch.create("src")
    pouch.store("src", trouble(800, seed=2))
    return pouch


def test_we_pull_from_pouchdb_server(ours: Server, theirs: Server) -> None:
    told = ours.replicate(theirs.url("src"), "pulled", create_target=True)
    assert told["history"][0]["doc_write_failures"] == 0
    equal(theirs, "src", ours, "pulled")
    assert ours.attachment("pulled", "big", "x") == theirs.attachment("src", "big", "x")
    assert ours.replicate(theirs.url("src"), "pulled")["no_changes"]


def test_we_push_to_pouchdb_server(ours: Server, pouch: Server) -> None:
    told = ours.replicate("src", pouch.url("pushed"), create_target=True)
    assert told["history"][0]["doc_write_failures"] == 0
    equal(ours, "src", pouch, "pushed")
    assert ours.attachment("src", "big", "x") == pouch.attachment("pushed", "big", "x")
    doc = ours.http.get("/src/big").json()
    assert ours.http.put("/src/big", json={**doc, "edited": True}).status_code == 201
    ours.replicate("src", pouch.url("pushed"))
    equal(ours, "src", pouch, "pushed")


def test_pouchdb_server_pulls_from_us(ours: Server, pouch: Server) -> None:
    told = pouch.replicate(ours.url("src"), "drawn", create_target=True)
    assert told["ok"]
    equal(ours, "src", pouch, "drawn")


def test_pouchdb_server_pushes_to_us(ours: Server, theirs: Server) -> None:
    assert theirs.replicate("src", ours.url("given"), create_target=True)["ok"]
    equal(theirs, "src", ours, "given")


def test_edits_on_both_sides_end_in_the_same_conflict(ours: Server, pouch: Server) -> None:
    ours.create("both")
    pouch.create("both")
    ours.store("both", [revision("x", 1, "aa", side="ours"), revision("y", 1, "aa")])
    ours.replicate("both", pouch.url("both"))
    for server, digest in ((ours, "bb"), (pouch, "cc")):
        server.store("both", [revision("x", 2, digest, "aa", side=server.root)])
    pouch.store("both", [revision("y", 2, "bb", "aa", _deleted=True)])
    ours.replicate("both", pouch.url("both"))
    ours.replicate(pouch.url("both"), "both")
    equal(ours, "both", pouch, "both")
    assert ours.leaves("both") == {"x": ["2-bb", "2-cc"], "y": ["2-bb"]}
    assert ours.winners("both")["x"][0] == "2-cc"


def test_continuously_in_both_directions(ours: Server, pouch: Server) -> None:
    ours.create("live")
    pouch.create("live")
    pairs = [("live", pouch.url("live")), (pouch.url("live"), "live")]
    for source, target in pairs:
        ours.replicate(source, target, continuous=True)
    for n in range(3):
        ours.store("live", [revision(f"ours{n}", 1, "aa")])
        pouch.store("live", [revision(f"theirs{n}", 1, "aa")])
        until(lambda: ours.leaves("live") == pouch.leaves("live") and len(ours.leaves("live")) == 2 * n + 2, "both")  # noqa: B023
    for source, target in pairs:
        ours.replicate(source, target, continuous=True, cancel=True)


@pytest.fixture(scope="module")
def full(ours: Server) -> Server:
    ours.create("many")
    ours.store("many", [revision(f"doc:{n}", 1, f"{n:032x}", n=n, text="走访" * 20) for n in range(MANY)], at_once=2000)
    return ours


def test_ten_thousand_documents_by_way_of_pouchdb_server(full: Server, pouch: Server) -> None:
    begun = time.monotonic()
    told = full.replicate("many", pouch.url("many"), create_target=True)
    middle = time.monotonic()
    full.replicate(pouch.url("many"), "back", create_target=True)
    ended = time.monotonic()
    assert told["history"][0]["docs_written"] == MANY
    assert full.leaves("many") == pouch.leaves("many") == full.leaves("back")
    print(f"pushed {MANY / (middle - begun):.0f}/s, pulled {MANY / (ended - middle):.0f}/s")  # noqa: T201  seen with -s


def test_ten_thousand_documents_between_two_of_us(full: Server, tmp_path: Path) -> None:
    with serving(tmp_path) as other:
        begun = time.monotonic()
        full.replicate("many", other.url("many"), create_target=True)
        middle = time.monotonic()
        other.replicate(full.url("many"), "drawn", create_target=True)
        ended = time.monotonic()
        equal(full, "many", other, "many")
        equal(full, "many", other, "drawn")
    print(f"pushed {MANY / (middle - begun):.0f}/s, pulled {MANY / (ended - middle):.0f}/s")  # noqa: T201  seen with -s


def test_python_couchdb_asks_for_a_replication(ours: Server) -> None:
    client = couchdb.Server(ours.url("")[:-1])
    told = client.replicate("src", "asked by python-couchdb".replace(" ", "-"), create_target=True)
    assert told["ok"]
    assert len(client["asked-by-python-couchdb"]) == len(client["src"])
    assert [task["type"] for task in client.tasks()] in ([], ["replication"])


# -- a bad network ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(1, 1 + LONG))
@pytest.mark.parametrize("way", ["push", "pull"])
def test_between_two_of_us(ours: Server, tmp_path: Path, seed: int, way: str) -> None:
    with serving(tmp_path) as other, Proxy(other.root, seed=seed, rate=0.3) as proxy:
        if way == "push":
            told = eventually(ours, "src", other.url(f"lossy{seed}", by=proxy.url))
            equal(ours, "src", other, f"lossy{seed}")
        else:
            other.create("src")
            other.store("src", trouble(500, seed=seed))
            told = eventually(ours, other.url("src", by=proxy.url), f"lossy{seed}")
            equal(other, "src", ours, f"lossy{seed}")
        assert told["history"][0]["doc_write_failures"] == 0, told
        assert sum(proxy.happened[fate] for fate in FATES) > 1, proxy.happened


@pytest.mark.parametrize("fate", FATES)
def test_each_mishap_by_itself(ours: Server, tmp_path: Path, fate: str) -> None:
    with serving(tmp_path) as other, Proxy(other.root, seed=3, rate=0.5, fates=(fate,)) as proxy:
        eventually(ours, "small", other.url("lossy", by=proxy.url))
        equal(ours, "small", other, "lossy")
        eventually(ours, other.url("lossy", by=proxy.url), f"back-{fate.replace(' ', '-').lower()}")
        equal(ours, "small", ours, f"back-{fate.replace(' ', '-').lower()}")
        assert proxy.happened[fate] > 3


def test_pouchdb_server_behind_it_and_its_own_replicator(ours: Server, pouch: Server) -> None:
    with Proxy(pouch.root, seed=4, rate=0.15, fates=SEEN) as proxy:
        eventually(ours, "small", pouch.url("lossy", by=proxy.url))
        equal(ours, "small", pouch, "lossy")
        eventually(ours, pouch.url("lossy", by=proxy.url), "lossy-back")
        equal(ours, "small", ours, "lossy-back")
    with Proxy(ours.root, seed=5, rate=0.02, fates=SEEN) as proxy:
        eventually(pouch, ours.url("small", by=proxy.url), "lossy-drawn")
        equal(ours, "small", pouch, "lossy-drawn")


def test_a_portal_that_stays_for_a_while_only_delays(ours: Server, tmp_path: Path) -> None:
    with serving(tmp_path) as other, Proxy(other.root, seed=6, rate=1.0, fates=("captive portal",)) as proxy:
        other.create("behind")
        other.store("behind", [revision("a", 1, "aa")])
        ours.create("_replicator")
        asked = {"source": other.url("behind", by=proxy.url), "target": "outside", "create_target": True}
        assert ours.http.put("/_replicator/portal", json=asked).status_code == 201
        until(lambda: proxy.happened["captive portal"] > 20, "it met the portal")
        assert ours.http.get("/outside/a").status_code == 404
        proxy.rate = 0.0
        until(lambda: ours.http.get("/_replicator/portal").json().get("_replication_state") == "completed", "done")
        assert ours.leaves("outside") == {"a": ["1-aa"]}


async def test_stock_pouchdb_between_both(ours: Server, pouch: Server) -> None:
    """In node, with retries as a phone has them, from us through the bad network to pouchdb-server."""
    from tests.protocol import test_pouchdb  # noqa: PLC0415  its packages are installed by the same rules

    installed(test_pouchdb.HERE)
    assert NODE
    with (
        Proxy(ours.root, seed=7, rate=0.05, fates=SEEN) as one,
        Proxy(pouch.root, seed=8, rate=0.05, fates=SEEN) as two,
    ):
        environment = {**os.environ, "POUCH_USER": "admin", "POUCH_OTHER": f"{two.url}/between"}
        pouch.create("between")
        process = await asyncio.create_subprocess_exec(
            NODE, "pouch.cjs", "between", f"{one.url}/sync/small", cwd=test_pouchdb.HERE, env=environment, stderr=-1
        )
        _, err = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 0, err.decode()
    equal(ours, "small", pouch, "between")


def eventually(runner: Server, source: str, target: str) -> Any:
    """Replicate, again and again if need be, until it worked from end to end."""
    end = time.monotonic() + 90
    while True:
        asked = {"source": source, "target": target, "create_target": True}
        answer = runner.http.post("/_replicate", json=asked)
        if answer.status_code == 200 and answer.json().get("ok"):
            return answer.json()
        assert time.monotonic() < end, answer.text
