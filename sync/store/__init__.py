"""The store: where documents, revision trees, attachments and scopes are kept.

:mod:`sync.store.contract` says what a store does; :class:`Store` is the one on SQL.
"""

from sync.store.contract import DocumentStore
from sync.store.sql import Store
from sync.store.values import Attachment, Change, DatabaseInfo, Outcome, Page, Rejected, Written

__all__ = [
    "Attachment",
    "Change",
    "DatabaseInfo",
    "DocumentStore",
    "Outcome",
    "Page",
    "Rejected",
    "Store",
    "Written",
]
