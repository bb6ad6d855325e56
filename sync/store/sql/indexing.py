"""The part of a store that keeps indexes of queries."""

from collections.abc import Collection

from sqlalchemy import Connection

from sync.access import View
from sync.store.indexed import Keys, Step
from sync.store.sql import indexes
from sync.store.sql.databases import open_


class Indexing:
    """The part of :class:`sync.store.sql.Store` that queries need. A view is of a whole database here."""

    def index_now(self, connection: Connection, view: View, signature: str) -> int | None:
        """Return up to which sequence the index has been brought; ``None``: there is none."""
        return indexes.sequence(connection, open_(connection, view), signature)

    def index_forward_now(self, connection: Connection, view: View, signature: str, step: Step) -> bool:
        """Take a step, and make the index if it is the first; return whether it was taken."""
        return indexes.forward(connection, open_(connection, view), signature, step)

    def index_keys_now(
        self, connection: Connection, view: View, signature: str, wanted: Keys
    ) -> list[tuple[bytes, str]]:
        """Return keys and ids of a range."""
        return indexes.keys(connection, open_(connection, view), signature, wanted)

    def index_drop_now(self, connection: Connection, view: View, kept: Collection[str], limit: int) -> bool:
        """Delete rows of indexes other than those ``kept``; return whether there are more."""
        return indexes.drop(connection, open_(connection, view), kept, limit)
