"""What can go wrong in replication. Nothing here knows of HTTP; :mod:`sync.http.errors` has the table of statuses.

::

    SyncError
    ├── BadRequest                 the caller's mistake: bad JSON, bad id, bad revision, bad parameter
    │   ├── BadDatabaseName
    │   ├── DatabaseNameTooLong
    │   ├── BadDocumentId
    │   ├── BadDocument            a document whose _ fields break the rules
    │   ├── BadQuery               a parameter that does not parse
    │   └── BadFind                a selector, a query or an index that breaks Mango's rules
    ├── Unauthorized               nobody is logged in, or not as an administrator
    ├── Forbidden                  somebody is, and may not
    ├── NotFound
    │   ├── DatabaseMissing
    │   ├── DocumentMissing        never existed here, or its winner is deleted
    │   └── AttachmentMissing
    ├── Conflict                   the parent revision is not a leaf (any more)
    ├── DatabaseExists
    ├── MissingStub                an attachment stub names content that the store does not hold
    ├── TooLarge
    │   ├── DocumentTooLarge
    │   └── AttachmentTooLarge
    ├── DigestMismatch             content is not what its digest says
    ├── PullFirst                  the caller has read too little of the feed for what it asks
    ├── RangeNotSatisfiable        a piece of an attachment beyond its end
    ├── BadContentType
    ├── MethodNotAllowed
    ├── NotAcceptable
    ├── NotOffered                 CouchDB has it, this server does not
    └── ComeBackLater
        ├── TooManyRequests        the caller asked too often
        └── Busy                   the server carries all that it can
"""

from collections.abc import Sequence
from typing import Final


class SyncError(Exception):
    """The root. ``reason`` is a sentence for whoever asked; it never holds what they may not see."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: Final = reason


class BadRequest(SyncError):
    """The request cannot be understood or breaks a rule of the protocol."""


class BadDatabaseName(BadRequest):
    """``name`` cannot name a database."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Name: '{name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, "
            "-, and / are allowed. Must begin with a letter."
        )
        self.name: Final = name


class DatabaseNameTooLong(BadRequest):
    """``name`` is longer than a database's may be."""

    def __init__(self, name: str) -> None:
        super().__init__(f"At least one path segment of `{name}` is too long.")


class BadDocumentId(BadRequest):
    """The id cannot name a document."""


class BadDocument(BadRequest):
    """The document's ``_`` fields break the rules."""


class BadQuery(BadRequest):
    """A query parameter does not parse."""


class BadFind(BadRequest):
    """A selector, a query or an index breaks the rules. ``word`` is what CouchDB calls the mistake."""

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(reason)
        self.word: Final = word


class Unauthorized(SyncError):
    """The caller must log in, or log in as an administrator."""

    def __init__(self, reason: str = "You are not authorized to access this db.") -> None:
        super().__init__(reason)


class Forbidden(SyncError):
    """The caller is known and may not do this."""


class NotFound(SyncError):
    """What was asked for is not here, or not for the caller to see."""

    def __init__(self, reason: str = "missing") -> None:
        super().__init__(reason)


class DatabaseMissing(NotFound):
    """No database of that name is stored."""

    def __init__(self) -> None:
        super().__init__("Database does not exist.")


class DocumentMissing(NotFound):
    """No such document or revision; ``deleted`` when the document's winner is a tombstone."""

    def __init__(self, *, deleted: bool = False) -> None:
        super().__init__("deleted" if deleted else "missing")
        self.deleted: Final = deleted


class AttachmentMissing(NotFound):
    """The revision has no attachment of that name."""

    def __init__(self) -> None:
        super().__init__("Document is missing attachment")


class Conflict(SyncError):
    """An edit whose parent is not a leaf of the document's revision tree."""

    def __init__(self) -> None:
        super().__init__("Document update conflict.")


class DatabaseExists(SyncError):
    """The database to be created is there already."""

    def __init__(self) -> None:
        super().__init__("The database could not be created, the file already exists.")


class MissingStub(SyncError):
    """A stub refers to an attachment that no stored ancestor of the revision has."""

    def __init__(self, id_: str, name: str) -> None:
        super().__init__(f"Invalid attachment stub in {id_} for {name}")


class TooLarge(SyncError):
    """A body, document or attachment is over its limit (:class:`sync.limits.Limits`)."""


class DocumentTooLarge(TooLarge):
    """The JSON of the document ``reason`` is over its limit."""


class AttachmentTooLarge(TooLarge):
    """The attachment ``reason`` is over its limit."""


class DigestMismatch(SyncError):
    """An attachment's content is not what the digest that came with it says."""

    def __init__(self) -> None:
        super().__init__("Possible message corruption.")


class PullFirst(SyncError):
    """The caller is too far behind to compare what it holds."""


class RangeNotSatisfiable(SyncError):
    """What is asked for lies beyond an attachment's end."""

    def __init__(self) -> None:
        super().__init__("Requested range not satisfiable")


class BadContentType(SyncError):
    """The request's Content-Type is not one that this resource takes."""


class MethodNotAllowed(SyncError):
    """The resource does not have this method. ``allowed`` are those that it has."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"Only {','.join(allowed)} allowed")
        self.allowed: Final = tuple(allowed)


class NotAcceptable(SyncError):
    """The answer cannot be given in any form that the caller accepts."""


class NotOffered(SyncError):
    """A part of CouchDB's interface that this server does not have; the reason says what to use instead."""


class ComeBackLater(SyncError):
    """Not now. ``retry_after`` is in seconds."""

    def __init__(self, reason: str, *, retry_after: int) -> None:
        super().__init__(reason)
        self.retry_after: Final = retry_after


class TooManyRequests(ComeBackLater):
    """The caller asked too often, log-ins for example."""


class Busy(ComeBackLater):
    """The server carries as much of this as it is allowed to."""
