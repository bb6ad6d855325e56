"""Our own server as a process of its own, on a folder that may have been filled before."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sync.store import Store
from sync.store.database import Database
from tests.bench.peer import Peer
from tests.protocol.serve import SCOPED

ROOT = Path(__file__).parents[2]
Loaded = tuple[str, dict[str, object], str | None, tuple[str, ...]]


@dataclass
class Serving:
    url: str
    pid: int
    peers: list[Peer] = field(default_factory=list)

    def peer(self) -> Peer:
        """Return a client with a connection of its own, which is closed with the server."""
        self.peers.append(Peer(self.url))
        return self.peers[-1]

    def memory(self) -> int:
        """Return the most megabytes that the process has held, since :meth:`rested`."""
        return int(self.peak())

    def peak(self) -> float:
        """Return the same, with its fraction."""
        return self._told("VmHWM")

    def rested(self) -> float:
        """Count the most from now on; return how many megabytes the process holds (proc(5), ``clear_refs``)."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self._told("VmRSS")

    def _told(self, name: str) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split(f"{name}:")[1].split()[0]) / 1024


def load(folder: Path, documents: Iterable[Loaded]) -> None:
    """Fill the scoped database through the store's bulk load."""
    database = Database(f"sqlite:///{folder}/store.db")
    store = Store(database)
    database.write_now(store.create_tables_now)
    database.write_now(lambda connection: store.ensure_now(connection, SCOPED))
    database.write_now(lambda connection: store.load_now(connection, SCOPED, documents))
    database.close()


@contextlib.contextmanager
def serving(place: Path | str, **limits: int) -> Iterator[Serving]:
    """Serve what is in a folder, or in the database that a URL names, with ``limits`` other than those of always."""
    command = [sys.executable, "tests/protocol/serve.py", str(place), "0", json.dumps(limits)]
    process = subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    made = Serving(f"http://127.0.0.1:{process.stdout.readline().strip()}/sync", process.pid)
    try:
        yield made
    finally:
        for peer in made.peers:
            peer.rested()
        process.terminate()
        process.wait()
        process.stdout.close()
