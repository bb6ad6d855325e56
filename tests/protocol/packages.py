"""Peers from npm: stock PouchDB, and pouchdb-server."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.protocol.replication import Server, until

HERE: Final = Path(__file__).parent
"""Where stock PouchDB and what drives it are."""
PEERS: Final = HERE / "peers"
"""Where pouchdb-server is."""
NODE: Final = shutil.which("node")


def installed(folder: Path) -> Path:
    """Have what the folder's package-lock.json names installed; return where."""
    packages = folder / "node_modules"
    marker = packages / ".package-lock.json"
    if not marker.exists() or marker.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
        npm = shutil.which("npm")
        assert npm, "npm is not installed"
        # without scripts: what they would compile is a database on disk, and here all is in memory or in a browser
        command = [npm, "ci", "--no-progress", "--ignore-scripts"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return packages


@contextmanager
def pouchdb_server(folder: Path) -> Iterator[Server]:
    """Run a pouchdb-server with everything in memory."""
    program = installed(PEERS) / "pouchdb-server" / "bin" / "pouchdb-server"
    assert NODE
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # It dies of an answer that breaks off while it replicates by itself. What is tried here is what comes of it at our
    # side, so it is told to live on.
    options = ["--no-deprecation", "--require", PEERS / "survive.cjs"]
    command = [NODE, *options, program, "--in-memory", "--no-stdout-logs", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        with Server(f"http://127.0.0.1:{port}") as server:
            until(lambda: _answers(server), "pouchdb-server is up")
            yield server
    finally:
        process.terminate()
        process.wait(10)


def _answers(server: Server) -> bool:
    try:
        return server.http.get("/").status_code == 200
    except httpx.TransportError:
        return False
