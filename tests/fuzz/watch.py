"""How a server process is: its memory, files, threads and tasks, and what it has logged."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.fuzz.values import SECRET

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 60.0
EXTRA: Final = 12
"""Files that pools of connections open as they are used, and keep."""
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds at one time."""

    memory: int
    """Bytes resident."""
    files: int
    threads: Sequence[str]
    tasks: Sequence[str]
    objects: int
    kinds: Mapping[str, int]


class Process:
    """A server in a process of its own, started by this class."""

    def __init__(self, folder: Path, *words: str, environment: Mapping[str, str]) -> None:
        self.log: Final = folder / "server.log"
        self._spied: Final = folder / "spied.json"
        self._count = 0
        known = {name: value for name, value in os.environ.items() if not name.startswith("BAIJIAMEN_")}
        with self.log.open("wb") as log:
            self.process: Final = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.spied", *words],
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=known | dict(environment) | {"BAIJIAMEN_SPIED": str(self._spied)},
            )
        assert self.process.stdout is not None
        first = self.process.stdout.readline().decode()
        found = re.search(r"(\d+)\s*$", first)
        assert found is not None, f"the server does not start: {first}\n{self.log.read_text()[-4000:]}"
        self.port: Final = int(found[1])

    def held(self) -> Held:
        """Return what the process holds now."""
        self._count += 1
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + PATIENCE
        while not self._spied.exists() or (told := json.loads(self._spied.read_text()))["count"] != self._count:
            assert self.process.poll() is None, f"the server has ended:\n{self.log.read_text()[-4000:]}"
            assert time.monotonic() < deadline, "the server does not tell how it is"
            time.sleep(0.005)  # between two looks at a file that is not there yet
        folder = Path(f"/proc/{self.process.pid}")
        return Held(
            memory=int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
            files=len(list((folder / "fd").iterdir())),
            threads=told["threads"],
            tasks=told["tasks"],
            objects=told["objects"],
            kinds=dict(told["kinds"]),
        )

    def settled(self, before: Held) -> Held:
        """Return what it holds once it has no more tasks and files than ``before``, or when that does not come."""
        deadline = time.monotonic() + PATIENCE
        while True:
            now = self.held()
            if (
                len(now.tasks) <= len(before.tasks) and now.files <= before.files + EXTRA
            ) or time.monotonic() > deadline:
                return now
            time.sleep(0.05)  # between two looks

    def stop(self) -> None:
        """End it, as an operator does."""
        self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            assert self.process.stdout is not None
            self.process.stdout.close()

    def complaints(self) -> list[str]:
        """Return what must not be in a log: failures, and what somebody wrote into a document."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line[:2000] for line in lines if _wrong(line)]


def _wrong(line: str) -> bool:
    if SECRET in line or SECRET.encode("unicode_escape").decode() in line or "Traceback" in line:
        return True
    try:
        told: Any = json.loads(line)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("level") in {"error", "critical"}


def slope(values: Sequence[float]) -> float:
    """Return by how much values grow from one to the next, by least squares."""
    count = len(values)
    if count < 2:
        return 0.0
    middle, mean = (count - 1) / 2, sum(values) / count
    above = sum((at - middle) * (value - mean) for at, value in enumerate(values))
    return above / sum((at - middle) ** 2 for at in range(count))
