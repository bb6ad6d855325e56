"""pouchdb-server from npm as the other side, and another of us; a network at its worst in between."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import couchdb
import pytest

from tests.protocol.packages import NODE, pouchdb_server
from tests.protocol.proxy import FATES, Proxy
from tests.protocol.replication import COUNT, LONG, NETWORKS, Server, equal, revision, serving, trouble, until

MANY: Final = 10_000
SEEN: Final = tuple(fate for fate in FATES if fate != "captive redirect")
"""What pouchdb-server gets over: it ends when a redirect leads nowhere."""
WORST: Final = 0.02 if LONG else 0.1
"""Of its requests: it begins anew after each mishap, and asks for each attachment by itself."""
PATIENCE: Final = 120.0 if LONG else 5.0
"""Seconds until its own replication, which may wait for ever, is asked for again."""

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(NODE is None, reason="node is not installed: make setup brings it"),
]


@pytest.fixture(scope="module")
def pouch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pouchdb_server(tmp_path_factory.mktemp("pouch")) as server:
        yield server


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("ours")) as server:
        server.create("src")
        server.store("src", trouble(COUNT))
        server.create("small")
        server.store("small", trouble(120, seed=9))
        yield server


@pytest.fixture(scope="module")
def theirs(pouch: Server) -> Server:
    pouch.create("src")
    pouch.store("src", trouble(COUNT, seed=2))
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
    assert ours.winners("both")["x"] == "2-cc"


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


@pytest.mark.parametrize("seed", range(1, 1 + NETWORKS))
@pytest.mark.parametrize("way", ["push", "pull"])
def test_between_two_of_us(ours: Server, tmp_path: Path, seed: int, way: str) -> None:
    with serving(tmp_path) as other, Proxy(other.root, seed=seed, rate=0.5) as proxy:
        if way == "push":
            told = ours.eventually("src", other.url(f"lossy{seed}", by=proxy.url))
            equal(ours, "src", other, f"lossy{seed}")
        else:
            other.create("src")
            other.store("src", trouble(COUNT, seed=seed))
            told = ours.eventually(other.url("src", by=proxy.url), f"lossy{seed}")
            equal(other, "src", ours, f"lossy{seed}")
        assert told["history"][0]["doc_write_failures"] == 0, told
        assert sum(proxy.happened[fate] for fate in FATES) > 1, proxy.happened


@pytest.mark.parametrize("fate", FATES)
def test_each_mishap_by_itself(ours: Server, tmp_path: Path, fate: str) -> None:
    with serving(tmp_path) as other, Proxy(other.root, seed=3, rate=0.5, fates=(fate,)) as proxy:
        ours.eventually("small", other.url("lossy", by=proxy.url))
        equal(ours, "small", other, "lossy")
        ours.eventually(other.url("lossy", by=proxy.url), f"back-{fate.replace(' ', '-').lower()}")
        equal(ours, "small", ours, f"back-{fate.replace(' ', '-').lower()}")
        assert proxy.happened[fate] > 3


@pytest.mark.parametrize("way", ["pull", "push"])
def test_pouchdb_server_beyond_it(ours: Server, theirs: Server, way: str) -> None:
    begun = time.monotonic()
    with Proxy(theirs.root, seed=4, rate=0.3) as proxy:
        if way == "pull":
            ours.eventually(theirs.url("src", by=proxy.url), "lossy-pull", seconds=600)
            equal(theirs, "src", ours, "lossy-pull")
        else:
            ours.eventually("src", theirs.url("lossy-push", by=proxy.url), seconds=600)
            equal(ours, "src", theirs, "lossy-push")
        assert sum(proxy.happened[fate] for fate in FATES) > 5, proxy.happened
    print(f"{COUNT} in {time.monotonic() - begun:.1f} s, {dict(proxy.happened)}")  # noqa: T201  seen with -s


@pytest.mark.parametrize("way", ["pulls", "pushes"])
def test_pouchdb_server_replicates_through_it(ours: Server, theirs: Server, way: str) -> None:
    """By a network that gets better, until one meets no mishap; each at another address, and so with new checkpoints.

    After a failed attempt PouchDB goes on with what it had begun, and may record a checkpoint beyond documents that it
    dropped: the next attempt would leave them out.
    """
    begun = time.monotonic()
    name, happened = f"lossy-{way}", Counter[str]()
    for seed in itertools.count():
        with Proxy(ours.root, seed=seed, rate=WORST / (1 + seed), fates=SEEN, gullible=True) as proxy:
            pair = (ours.url("src", by=proxy.url), name) if way == "pulls" else ("src", ours.url(name, by=proxy.url))
            done = theirs.once(*pair, patience=PATIENCE)
        happened += proxy.happened
        if done:
            break
        assert time.monotonic() < begun + (900 if LONG else 60), happened
    if way == "pulls":
        equal(ours, "src", theirs, name)
    else:
        equal(theirs, "src", ours, name)
    print(f"{COUNT} in {time.monotonic() - begun:.1f} s, {seed + 1} attempts, {dict(happened)}")  # noqa: T201  as above


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
