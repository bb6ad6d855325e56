"""The life of reminders under random events: none is lost, none is told twice but where a process died in the gap."""

import asyncio
import itertools
import shutil
import tempfile
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server.channels.outcome import Later, Outcome, Parcel, Sent
from server.clock import SHANGHAI
from server.reminders.delivering import Load
from server.reminders.release import release
from server.reminders.times import local_date
from tests.server.reminders.ground import Ground, followup, tombstone

NAMES = ("visitor", "second")
NUMBERS = st.integers(1, 6)
DAYS = st.integers(22, 28)


class Life(RuleBasedStateMachine):
    """Documents change, time passes, two schedulers work, services fail, processes die."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))  # thousands of flushes
        self.ground = Ground(self.folder, stale_days=36500)
        for name in (*NAMES, "boss", "chief"):
            self.ground.device(name)
        self.documents: dict[int, dict[str, Any]] = {}
        self.revisions = itertools.count(1)
        self.failing = False
        self.taken: Counter[tuple[str, str]] = Counter()
        """How often the push service took a message, by (key, account)."""
        self.gaps: Counter[tuple[str, str]] = Counter()
        """How often a process died after the push service had taken it."""
        self.held: list[Load] = []
        self.ground.push.answer = self.answer

    def teardown(self) -> None:
        self.in_the_end_all_is_told()
        self.each_person_is_told_of_a_matter_once()
        self.ground.database.close()
        shutil.rmtree(self.folder)

    def answer(self, parcel: Parcel) -> Outcome:
        del parcel
        return Later("status 503") if self.failing else Sent()

    @rule(number=NUMBERS, day=DAYS, name=st.sampled_from(NAMES))
    def promise(self, number: int, day: int, name: str) -> None:
        """A follow-up is made, moved, given to another, or opened again."""
        self.documents[number] = {"due": date(2026, 11, day), "to": name}
        self.project(number)

    @precondition(lambda self: self.documents)
    @rule(data=st.data(), state=st.sampled_from(("done", "cancelled", "deleted")))
    def end(self, data: st.DataObject, state: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.documents)))
        self.documents[number]["state"] = state
        self.project(number)

    @rule(hours=st.sampled_from((0.02, 0.5, 3, 10, 24)))
    def pass_time(self, hours: float) -> None:
        self.ground.clock.advance(timedelta(hours=hours))

    @rule(failing=st.booleans())
    def change_weather(self, failing: bool) -> None:  # noqa: FBT001  Hypothesis passes by name
        self.failing = failing

    @rule(worker=st.sampled_from(("w1", "w2")))
    def work(self, worker: str) -> None:
        self.send(lambda: self.ground.run(worker=worker))

    @rule()
    def work_at_the_same_time(self) -> None:
        async def both() -> None:
            await asyncio.gather(self.ground.run(worker="w1"), self.ground.run(worker="w2"))

        self.send(both)

    @rule(sent=st.booleans())
    def die(self, sent: bool) -> None:  # noqa: FBT001  Hypothesis passes by name
        """A process dies with deliveries claimed: before it sent them, or after that and before recording it."""
        now, database = self.ground.clock.now(), self.ground.database
        database.write_now(lambda c: release(c, self.ground.times, now, holder="w3"))
        loads = database.write_now(lambda c: self.ground.deliverer("w3").claim(c, now))
        for load in loads:
            if sent and isinstance(self.answer(load.parcel), Sent):
                self.taken[load.parcel.key, load.target.account] += 1
                self.gaps[load.parcel.key, load.target.account] += 1

    def project(self, number: int) -> None:
        facts = self.documents[number]
        made = followup(
            number, facts["due"], to=facts["to"], state=facts.get("state", "open"), rev=f"{next(self.revisions)}-a"
        )
        self.ground.project(tombstone(made) if facts.get("state") == "deleted" else made)

    def send(self, work: Any) -> None:
        before = len(self.ground.push.parcels)
        asyncio.run(work())
        for parcel, target in self.ground.push.parcels[before:]:
            if not self.failing:
                self.taken[parcel.key, target.account] += 1

    @invariant()
    def each_person_is_told_of_a_matter_once(self) -> None:
        for key, count in self.taken.items():
            assert count <= 1 + self.gaps[key]

    @invariant()
    def what_was_told_together_was_told_of_each_matter_once(self) -> None:
        speakers: Counter[tuple[str, str, str]] = Counter()
        for each in self.ground.reminders():
            if each.kind != "digest":
                speakers[each.matter, each.account, each.kind] += 1
        assert all(count == 1 for count in speakers.values())

    @invariant()
    def none_is_lost(self) -> None:
        """Every open promise has its reminder: still to come, or told to the one who promised."""
        known = {(each.followup, each.due, each.account): each for each in self.ground.reminders(kind="followup_due")}
        for number, facts in self.documents.items():
            if facts.get("state", "open") == "open":
                made = followup(number, facts["due"])
                there = known[made.id, str(facts["due"]), facts["to"]]
                assert there.state in {"planned", "released", "folded"}
                assert not there.settled

    @invariant()
    def what_was_released_has_its_delivery(self) -> None:
        told = {each.reminder for each in self.ground.deliveries(channel="web_push")}
        told_in_app = {each.reminder for each in self.ground.deliveries(channel="in_app")}
        for each in self.ground.reminders():
            if each.state in {"released", "folded"}:
                assert (each.folded_into or each.id) in told & told_in_app

    def in_the_end_all_is_told(self) -> None:
        """Good weather and time: nothing that is due stays behind."""
        self.failing = False
        noon = datetime.combine(self.ground.clock.now().astimezone(SHANGHAI), time(12), SHANGHAI)
        for days in (1, 2):
            self.ground.clock.set(noon + timedelta(days=days))
            self.send(self.ground.run)
        today = local_date(self.ground.clock.now()).isoformat()
        for each in self.ground.reminders(state="planned"):
            assert each.due > today
        assert not self.ground.deliveries(state="queued")
        assert not self.ground.deliveries(state="sending")


Life.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLife = Life.TestCase
