"""One full pass: what is late is found, what is due is released, what is queued is sent."""

from dataclasses import dataclass
from datetime import datetime

from server.reminders import release
from server.reminders.delivering import Deliverer


@dataclass(frozen=True, slots=True)
class Summary:
    """What a pass did: reminders released, deliveries tried."""

    released: int
    tried: int


async def run(deliverer: Deliverer, at: datetime) -> Summary:
    """Do all that is due at ``at``. Any number of processes may do so at the same time."""
    times, worker = deliverer.times, deliverer.worker
    released = 0
    while now := await deliverer.database.write(lambda c: release.release(c, times, at, holder=worker)):
        released += now
    return Summary(released, await deliverer.deliver(at))


async def is_due(deliverer: Deliverer, at: datetime) -> bool:
    """Return whether :func:`run` would find anything to do. Reads only."""
    return await deliverer.database.read(lambda c: release.is_work(c, deliverer.times, at) or deliverer.is_work(c, at))
