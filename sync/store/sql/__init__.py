"""The store on SQL: SQLite now. Plain functions over a connection; :class:`Store` is their face."""

from sync.store.sql.store import Store

__all__ = ["Store"]
