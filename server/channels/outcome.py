"""What is sent, and what came of it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message to one target. ``key`` is the same each time the same thing is sent again: receivers can tell."""

    key: str
    kind: str
    title: str
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class Sent:
    """It was taken."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The target is no more; it will never be reached."""

    error: str = "gone"


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not be taken, however often it is tried. ``error`` is a word of ours, without personal data."""

    error: str


@dataclass(frozen=True, slots=True)
class Later:
    """It was not taken now. ``retry_after`` is in seconds, when the other side named a time."""

    error: str
    retry_after: float | None = None


Outcome = Sent | Gone | Refused | Later


class Sender(Protocol):
    """Sends through one channel, over the network. Never raises, never waits longer than its settings allow."""

    async def send(self, parcel: Parcel, target: object) -> Outcome:
        """Send ``parcel`` to ``target``: a :class:`Subscription` or an :class:`Address`."""
        ...
