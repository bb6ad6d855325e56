"""What the actors know in common: databases, documents that somebody stored, what was acknowledged."""

import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

KEPT: Final = "kept"
"""The database that nobody deletes or purges: what was acknowledged there is there in the end."""
PROTECTED: Final = frozenset({KEPT, "areas"})
"""Databases that are not deleted."""
KNOWN: Final = 200
"""Documents remembered of each database."""


@dataclass(frozen=True, slots=True)
class Role:
    """Who asks: the header that says so, and the databases that are theirs."""

    name: str
    authorization: str
    databases: Sequence[str]


@dataclass
class World:
    """Shared by all actors of one campaign."""

    roles: Sequence[Role]
    prefix: str = "/sync"
    _known: dict[str, deque[tuple[str, str]]] = field(default_factory=dict)
    acknowledged: dict[tuple[str, str], tuple[str, Any]] = field(default_factory=dict)
    """The revision and the body of each kept document, by database and id."""
    statuses: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, database: str) -> list[tuple[str, str]]:
        """Return ids and revisions of a database, some of them out of date."""
        return list(self._known.get(database, ()))

    def learn(self, database: str, id_: Any, rev: Any) -> None:
        """Remember a revision that an answer told of."""
        if isinstance(id_, str) and isinstance(rev, str) and not id_.startswith("kept-"):
            with self.lock:
                self._known.setdefault(database, deque(maxlen=KNOWN)).append((id_, rev))

    def count(self, status: str, seconds: float, what: str) -> None:
        """Count one request."""
        with self.lock:
            self.requests += 1
            self.statuses[status] += 1
            if len(self.slowest) < 10 or seconds > self.slowest[-1][0]:
                self.slowest = sorted([*self.slowest, (seconds, what)], reverse=True)[:10]

    def found(self, what: str) -> None:
        """Note what must not be."""
        with self.lock:
            self.findings.append(what)
