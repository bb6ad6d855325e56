"""A process that does one pass of the scheduler: data folder, the clock's moment, deliveries claimed at a time."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from server.channels.settings import PushSettings
from server.clock import FixedClock
from server.reminders.settings import ReminderSettings
from server.scheduling.process import run_once
from server.settings import Settings


def main() -> None:
    data, moment, batch = sys.argv[1:]
    settings = Settings(
        data=Path(data), push=PushSettings(allow_loopback=True), reminders=ReminderSettings(batch=int(batch))
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    summary = asyncio.run(run_once(settings, clock=FixedClock(datetime.fromisoformat(moment))))
    sys.stdout.write(f"{summary.released} {summary.tried}\n")


if __name__ == "__main__":
    main()
