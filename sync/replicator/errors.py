"""What can go wrong between two servers.

::

    SyncError
    └── ReplicationError
        ├── Trouble       may pass by itself: no connection, 5xx, an answer that is not the peer's
        ├── PeerMissing   the database is not there
        ├── PeerDenied    the credentials do not open it
        └── PeerRefused   the peer understood and said no
"""

from typing import Final

from sync.errors import SyncError


class ReplicationError(SyncError):
    """The root. ``reason`` never holds credentials."""


class Trouble(ReplicationError):
    """What may work the next time. ``retry_after`` is the least wait in seconds that the peer asked for."""

    def __init__(self, reason: str, *, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after: Final = retry_after


class PeerMissing(ReplicationError):
    """The source or target does not exist."""


class PeerDenied(ReplicationError):
    """The source or target answers 401 or 403 (``status``) to the whole request."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status: Final = status


class PeerRefused(ReplicationError):
    """An error answer in CouchDB's form. ``status`` is HTTP's, ``error`` CouchDB's word."""

    def __init__(self, status: int, error: str, reason: str) -> None:
        super().__init__(reason)
        self.status: Final = status
        self.error: Final = error
