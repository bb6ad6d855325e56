"""Replications outlive what is killed: the process that runs them, the server at the other end, one of two."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.postgresql import Cluster
from tests.protocol import serve
from tests.protocol.replication import COUNT, LONG, QUICK, Server, equal, trouble, until

SETTINGS: Final = QUICK.model_copy(update={"lease_seconds": 1.0})
PAGE: Final = 100 if LONG else 5
"""Documents between two moments at which it can be seen how far it is."""


class Process:
    """A server in a process of its own, always on the same port."""

    def __init__(self, place: Path | str) -> None:
        self._place: Final = place
        with serve.listening() as free:
            self._port: Final = free.getsockname()[1]
        self.server: Final = Server(f"http://127.0.0.1:{self._port}", "/sync", "admin:pass")
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.protocol.serve", str(self._place), str(self._port)]
        self._process = subprocess.Popen([*command, "{}", SETTINGS.model_dump_json()], stdout=subprocess.PIPE)
        assert self._process.stdout
        self._process.stdout.readline()
        self._process.stdout.close()

    def kill(self) -> None:
        """End it as a power cut does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        self.server.http.close()
        self.kill()


@contextmanager
def processes(*places: Path | str) -> Iterator[list[Process]]:
    with ExitStack() as stack:
        made = []
        for place in places:
            made.append(Process(place))
            stack.callback(made[-1].close)
        yield made


def task(server: Server) -> dict[str, Any]:
    """Return the one replication that runs, as the server's list has it; empty when none does."""
    [told] = [each for each in server.http.get("/_active_tasks").json() if each["type"] == "replication"] or [{}]
    return told


def ask(server: Server, source: str, **more: Any) -> None:
    """Have a document ask for a replication into ``mine``."""
    server.create("_replicator")
    asked = {"source": source, "target": "mine", "create_target": True, "worker_batch_size": PAGE, **more}
    assert server.http.put("/_replicator/it", json=asked).status_code == 201


def partly(server: Server) -> dict[str, Any]:
    """Wait until a checkpoint is made and documents are left; return what is shown of it."""
    told: dict[str, Any] = until(
        lambda: (now := task(server)).get("checkpointed_source_seq", 0) not in {0, None} and now, "on its way", 60
    )
    return told


@pytest.mark.parametrize("dies", ["the one that replicates", "the other side"])
def test_who_is_killed_goes_on_from_the_checkpoint(dies: str, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    with processes(tmp_path / "here", tmp_path / "there") as (here, there):
        there.server.create("src")
        there.server.store("src", trouble(COUNT))
        ask(here.server, there.server.url("src"), checkpoint_interval=100)
        seen = partly(here.server)
        dead = here if dies == "the one that replicates" else there
        dead.kill()
        dead.start()
        done = lambda: here.server.http.get("/_replicator/it").json().get("_replication_state") == "completed"  # noqa: E731
        until(done, "it is done", 300 if LONG else 60)
        equal(there.server, "src", here.server, "mine")
        stats = here.server.http.get("/_replicator/it").json()["_replication_stats"]
        revs = sum(map(len, there.server.leaves("src").values()))
        assert seen["through_seq"]
        if dies == "the one that replicates":
            assert 0 < stats["revisions_checked"] < revs, "what the checkpoint covers is not asked for again"


def test_another_process_takes_over_on_postgresql(cluster: Cluster, tmp_path: Path) -> None:
    place = cluster.create()
    with processes(place, tmp_path) as (one, there), ExitStack() as stack:
        there.server.create("src")
        docs = trouble(COUNT)
        there.server.store("src", docs[: len(docs) // 2])
        ask(one.server, there.server.url("src"), continuous=True, checkpoint_interval=100)
        half = there.server.http.get("/src").json()["update_seq"]
        until(lambda: task(one.server).get("checkpointed_source_seq") == half, "half of it", 120)
        two = Process(place)
        stack.callback(two.close)
        until(lambda: task(two.server).get("checkpointed_source_seq") == half, "the other one shows it too")
        for each in (one, two):
            jobs = each.server.http.get("/_scheduler/jobs").json()
            assert [job["doc_id"] for job in jobs["jobs"]] == ["it"], "it runs once"
            [doc] = each.server.http.get("/_scheduler/docs").json()["docs"]
            assert (doc["state"], doc["info"]["checkpointed_source_seq"]) == ("running", half)
        one.kill()
        there.server.store("src", docs[len(docs) // 2 :])
        last = there.server.http.get("/src").json()["update_seq"]
        told = until(lambda: (now := task(two.server)).get("checkpointed_source_seq") == last and now, "all of it", 120)
        equal(there.server, "src", two.server, "mine")
        assert told["revisions_checked"] < sum(len(revs) for revs in there.server.leaves("src").values())
        one.start()
        until(lambda: task(one.server).get("checkpointed_source_seq") == last, "who comes back sees it")
        assert [job["doc_id"] for job in one.server.http.get("/_scheduler/jobs").json()["jobs"]] == ["it"]
    cluster.drop(place)
