"""One revision that somebody wants stored, with all that is needed to judge it. No SQL from here on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.accounts.models import Account
from server.areas import policy
from server.areas.models import Area
from server.documents.registry import type_of
from sync.access import Incoming, Stored, View


@dataclass(frozen=True, slots=True)
class KnownVisit:
    """What judging needs of a visit that the server holds. ``review_state`` counts only for ``review_rev``."""

    rev: str
    area: str
    by: str
    review_rev: str | None = None
    review_state: str | None = None

    @property
    def frozen(self) -> bool:
        """Whether a supervisor has approved the visit as it is now."""
        return self.review_state == "approved" and self.review_rev == self.rev


@dataclass(frozen=True, slots=True)
class Facts:
    """What one batch needs to know, read once."""

    now_ms: int
    areas: Mapping[str, Area] = field(default_factory=dict)
    branching: frozenset[str] = frozenset()
    """Ids of the areas that have areas below them, and no households of their own."""
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """Accounts that documents of the batch name, by name; disabled ones are not among them."""
    visits: Mapping[str, KnownVisit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One revision before the rules. ``account`` is who wants it stored; ``area`` the area it says it is in."""

    facts: Facts
    view: View
    account: Account
    incoming: Incoming
    stored: Stored | None
    area: Area | None

    @property
    def kind(self) -> str:
        """The type that the id names."""
        return type_of(self.incoming.id)

    @property
    def body(self) -> Mapping[str, Any]:
        """The document's fields."""
        return self.incoming.body

    @property
    def before(self) -> Mapping[str, Any]:
        """The fields of the revision that wins now; empty when there is none, or it is deleted."""
        return {} if self.stored is None or self.stored.deleted else self.stored.body

    @property
    def first(self) -> bool:
        """Whether the revision begins a document: nothing is stored, or another phone began the same one."""
        return self.stored is None or self.incoming.rev.startswith("1-")

    @property
    def supervises(self) -> bool:
        """Whether the account answers for the area, or administers the server."""
        return self.account.admin or (self.area is not None and policy.may_review(self.account, self.area.path))

    @property
    def mine(self) -> bool:
        """Whether the account wrote what is stored now (or there is nothing yet), or administers the server."""
        return self.account.admin or self.before.get("by", self.account.name) == self.account.name
