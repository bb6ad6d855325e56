"""The narrow face between replication and the application: who may open what, and what may be written.

``sync`` calls these protocols; ``server`` implements them. Nothing is open by default: without an
:class:`Gatekeeper` that says yes, every route answers 401.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from litestar.connection import ASGIConnection
from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. ``name`` is the account's id (a log-in name); ``admin`` may do all that a CouchDB server admin may."""

    name: str
    admin: bool = False
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """What a name under ``/sync/`` opens for one principal.

    ``database`` is the stored database's name. ``scope`` is ``None`` for all of it, else the id of the scope outside
    which nothing can be read, written or guessed. ``name`` is what the client called it.
    """

    name: str
    database: str
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One revision that somebody wants stored. ``body`` is the parsed document without its ``_`` fields."""

    id: str
    rev: str
    deleted: bool
    body: Mapping[str, Any]
    attachments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Attachment name → ``{"content_type", "length", "digest"}``; ``head`` (its first bytes) too when it is new."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds of a document now: the winning revision, its body, and the scopes it is in."""

    id: str
    rev: str
    deleted: bool
    seq: int
    body: Mapping[str, Any]
    scopes: tuple[str, ...] = ()
    scope_owner: str | None = None
    """The scope it was written for (its area); reads through other views are refused by it."""


@dataclass(frozen=True, slots=True)
class Accept:
    """Store it. ``owner`` is the scope it belongs to, ``scopes`` all that may read it (``owner`` and those above).

    ``feed`` false keeps it out of the scopes' change feeds (photos travel up only); it can still be read by id.
    """

    owner: str | None = None
    scopes: tuple[str, ...] = ()
    feed: bool = True


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not store it; answer ``forbidden`` with ``reason`` for this document only."""

    reason: str


Verdict = Accept | Refuse


class Rules(Protocol):
    """What the application says about writes to one stored database. Called inside the write transaction."""

    def check(
        self,
        connection: Connection,
        principal: Principal,
        view: View,
        incoming: Sequence[Incoming],
        stored: Mapping[str, Stored],
    ) -> Sequence[Verdict]:
        """Return one verdict per incoming revision, in order. May write (quarantine); those writes are committed.

        ``stored`` has the current winner of each incoming id that exists. Revisions already stored are not asked about.
        """
        ...

    def project(self, connection: Connection, changed: Sequence[Stored]) -> None:
        """Bring the read models up to the new winners. ``changed`` has each touched document once."""
        ...


class Gatekeeper(Protocol):
    """The application's say over the replication routes."""

    async def identify(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Principal | None:
        """Return who asks (session cookie or basic authentication), or ``None`` for nobody."""
        ...

    async def log_in(self, name: str, password: str, *, client: str) -> tuple[Principal, str] | None:
        """Check a password for ``POST /_session``: the principal and a session token for the cookie, or ``None``.

        Raises :class:`sync.errors.TooManyRequests` when ``client`` (an address) or ``name`` has tried too often.
        """
        ...

    async def log_out(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """End the session that the request carries, if any."""
        ...

    async def open(self, principal: Principal | None, name: str) -> View:
        """Return what ``name`` opens for ``principal``.

        Raises :class:`sync.errors.Unauthorized` (401) for nobody and :class:`sync.errors.Forbidden` (403) for
        somebody who may not, whether it exists or not.
        """
        ...
