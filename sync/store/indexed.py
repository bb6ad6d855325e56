"""What every store must do for indexes of queries: keep rows of keys that its caller makes, and give ranges of them.

An index is brought forward step by step when a query wants it. A step is read in a reader's transaction and written in
a short one of the writer's, so writes of documents pay nothing for indexes and wait for none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from sync.access import View


@dataclass(frozen=True, slots=True)
class Step:
    """What brings an index forward from one sequence to another."""

    since: int
    until: int
    purges: int
    """The database's ``purge_seq`` when the documents were read."""
    changed: Sequence[str]
    """Ids whose rows go."""
    fresh: Sequence[tuple[bytes, str]]
    """Rows that come: key and id, each id one of ``changed``, with one key at most."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Which rows of an index, in the order of keys and then of ids."""

    low: bytes
    """The least key."""
    high: bytes
    """What is above all keys."""
    after: tuple[bytes, str | None] | None = None
    """Only what comes after this row; without an id, after all rows of its key."""
    descending: bool = False
    limit: int = 1


class KeepsIndexes(Protocol):
    """Each ``view`` is of a whole database; ``signature`` tells indexes apart, and says how their keys are made."""

    def index_now(self, connection: Connection, view: View, signature: str) -> int | None:
        """Return up to which sequence the index has been brought; ``None``: it is not there."""
        ...

    def index_forward_now(self, connection: Connection, view: View, signature: str, step: Step) -> bool:
        """Take a step, and make the index if it is the first; return whether it was taken.

        It is not when the index is not at ``step.since`` (0 for one that is not there), or when something was purged
        since the documents were read. What is purged leaves all indexes in the transaction that purges it.
        """
        ...

    def index_keys_now(
        self, connection: Connection, view: View, signature: str, wanted: Keys
    ) -> list[tuple[bytes, str]]:
        """Return keys and ids of a range, by the bytes of the keys and then the code points of the ids.

        Keys are of :data:`sync.store.tables.KEY` bytes at most. Of an index that is not there nothing is returned.
        """
        ...

    def index_drop_now(self, connection: Connection, view: View, kept: Collection[str], limit: int) -> bool:
        """Delete at most ``limit`` rows of indexes other than those ``kept``; return whether there are more.

        From the first call on these indexes are not there any more, and one of the same signature begins anew.
        """
        ...
