"""A campaign: rounds of actors against one server, and what has to hold in between and in the end."""

import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import quote

from tests.fuzz.actor import Actor
from tests.fuzz.scenarios import ADMINISTRATORS, PHONES, Caller, once_failed, still_there
from tests.fuzz.watch import EXTRA, MIB, Held, Process, slope
from tests.fuzz.world import KEPT, Role, World

SECONDS: Final = float(os.environ.get("BAIJIAMEN_FUZZ_SECONDS", "0"))
"""How long the long form goes on; 0: the short form."""
SEED: Final = os.environ.get("BAIJIAMEN_FUZZ_SEED", "20261122")
SCENARIO: Final = 0.02
"""Of all that an actor does, what is one of the longer stories."""
GROWTH: Final = 12 * MIB
"""By how much the memory may grow in the later half of a long form, by its trend: what pools and caches still take."""
WARM: Final = 60 * MIB
"""By how much it may grow at all after the first round: SQLite's caches and the allocator's pools are in it."""
FINDINGS: Final = 20
"""With so many findings it ends early."""


class Campaign:
    """Actors of all roles, and the process that they are after."""

    def __init__(self, process: Process, world: World, *, seconds: float) -> None:
        self.process: Final = process
        self.world: Final = world
        self.seconds: Final = seconds
        self._actors: Final = [
            Actor(world, role, process.port, number=number, seed=SEED)
            for role in world.roles
            for number in range({"admin": 3, "phone": 2}.get(role.name, 1))
        ]
        self._held: list[Held] = []

    def run(self) -> None:
        """Run, tell how it was, and fail on whatever was found."""
        self._open()
        before = self.process.held()
        rounds = max(3, round(self.seconds / 20))
        for _ in range(rounds):
            self._round(self.seconds / rounds)
            self._quiet()
            self._held.append(self.process.settled(before))
            if len(self.world.findings) >= FINDINGS or self.process.process.poll() is not None:
                break
        self.world.findings += still_there(self._admin())
        for actor in self._actors:
            actor.close()
        self._leaks(before)
        self.tell(before)
        found = "\n\n".join(dict.fromkeys(self.world.findings[:FINDINGS]))
        assert not self.world.findings, f"seed {SEED}: {len(self.world.findings)} findings\n\n{found}"

    def _admin(self) -> Actor:
        return next(actor for actor in self._actors if actor.role.name == "admin")

    def _open(self) -> None:
        call = Caller(self._admin())
        for name in self.world.roles[0].databases:
            call("PUT", f"/{name}")
        assert call("GET", f"/{KEPT}")[0] == 200
        once_failed(self._admin())

    def _round(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(len(self._actors)) as threads:
            for done in [threads.submit(self._play, actor, until) for actor in self._actors]:
                done.result()

    def _play(self, actor: Actor, until: float) -> None:
        stories = ADMINISTRATORS if actor.role.name == "admin" else PHONES
        while time.monotonic() < until and len(self.world.findings) < FINDINGS:
            if actor.chance.some(SCENARIO):
                actor.chance.choice(stories)(actor)
            else:
                actor.act()

    def _quiet(self) -> None:
        """End what goes on by itself, so that what is left can be counted."""
        for actor in self._actors:
            actor.close()
        call = Caller(self._admin())
        call("DELETE", "/_replicator")
        status, told = call("GET", "/_scheduler/jobs")
        for job in told["jobs"] if status == 200 else []:
            call("POST", "/_replicate", {"replication_id": job["id"], "cancel": True})
        status, told = call("GET", "/_all_dbs")
        mine = set(self.world.roles[0].databases) | {"areas"}
        for name in told if status == 200 else []:
            if name not in mine:
                call("DELETE", f"/{quote(name, safe='')}")
        for name in mine:
            call("PUT", f"/{name}")

    # -- what is left --------------------------------------------------------------------------------------------------

    def _leaks(self, before: Held) -> None:
        first, last = self._held[0], self._held[-1]
        wrong = self.world.findings
        if len(last.tasks) > len(before.tasks):
            wrong.append(f"tasks are left: {[each for each in last.tasks if each not in before.tasks]} {last.tasks}")
        if last.files > before.files + EXTRA:
            wrong.append(f"open files: {before.files}, {first.files} after the first round, {last.files} in the end")
        extra = [name for name in last.threads if not _pooled(name) and name not in before.threads]
        if extra:
            wrong.append(f"threads are left: {extra}")
        memory = [each.memory for each in self._held]
        if last.memory - first.memory > WARM:
            wrong.append(f"memory: {[each // MIB for each in memory]} MiB")
        later = memory[len(memory) // 2 :]
        if len(later) > 5 and slope(later) * len(later) > GROWTH:
            wrong.append(
                f"memory grows by {slope(later) / MIB:.2f} MiB a round: {[each // MIB for each in memory]} MiB"
            )
        wrong += [f"in the log: {line}" for line in self.process.complaints()]

    def tell(self, before: Held) -> None:
        """Print how it was."""
        world, last = self.world, self._held[-1]
        memory = [round(each.memory / MIB) for each in [before, *self._held]]
        statuses = json.dumps(dict(sorted(world.statuses.items())), ensure_ascii=False)
        lines = [
            f"seed {SEED}, {self.seconds:.0f} s: {world.requests:,} requests; {statuses}",
            f"{len(world.acknowledged)} kept documents; memory {memory} MiB",
            f"objects {[each.objects for each in [before, *self._held]]}",
            f"files {before.files} to {last.files}, threads {len(before.threads)} to {len(last.threads)}, "  # noqa: ISC004  one line
            f"tasks {len(before.tasks)} to {len(last.tasks)}",
            f"slowest {[(round(seconds, 2), what[:100]) for seconds, what in world.slowest[:5]]}",
        ]
        sys.stderr.write("\n" + "\n".join(lines) + "\n")


def _pooled(name: str) -> bool:
    """Return whether a thread is of a pool with a bound, which grows to it as it is used."""
    return name.startswith(("db-read", "argon2", "asyncio_", "uvloop_", "ThreadPoolExecutor"))


def roles(admin: str, phone: str, *, area: str, databases: Sequence[str]) -> Sequence[Role]:
    """Return the three roles, the administrator first."""
    return (
        Role("admin", admin, (*databases, KEPT)),
        Role("phone", phone, (area, area, area, "w0", "area-none")),
        Role("nobody", "", (*databases, area)),
    )
