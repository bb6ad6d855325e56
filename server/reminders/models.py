"""What a reminder is, and the key that makes it one."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import blake2b


class Kind(StrEnum):
    """Why a person is told something."""

    FOLLOWUP_DUE = "followup_due"
    FOLLOWUP_LATE = "followup_late"
    DIGEST = "digest"
    VISIT_RETURNED = "visit_returned"


class State(StrEnum):
    """The life of a reminder: planned → released or folded; planned ⇄ cancelled. What was told stays told."""

    PLANNED = "planned"
    RELEASED = "released"
    """Told by a message of its own."""
    FOLDED = "folded"
    """Told by the message of another reminder (``folded_into``), so that nobody gets two."""
    CANCELLED = "cancelled"


class Progress(StrEnum):
    """The life of a delivery: queued → sending → sent, failed, or queued again; what is queued can be cancelled."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Channel(StrEnum):
    """A way to a person."""

    IN_APP = "in_app"
    WEB_PUSH = "web_push"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Plan:
    """A reminder that is to be: of which ``matter``, for whom, why, from when on."""

    matter: str
    account: str
    kind: Kind
    at_ms: int
    area: str | None = None
    household: str | None = None
    followup: str | None = None
    visit: str | None = None
    due: str | None = None

    @property
    def id(self) -> str:
        """The key: the same for the same matter, account and kind, on every machine and after every rebuild."""
        return key_of(self.matter, self.account, self.kind)


def key_of(*parts: str) -> str:
    """Return 32 characters of ``[A-Za-z0-9_-]``: as much as the Topic header of web push takes (RFC 8030, 5.4)."""
    return urlsafe_b64encode(blake2b("\0".join(parts).encode(), digest_size=24).digest()).decode()


def followup_matter(followup: str, due: date) -> str:
    """Return the matter of a promise for a day. Put off to another day, it is another matter to be reminded of."""
    return f"{followup}@{due.isoformat()}"
