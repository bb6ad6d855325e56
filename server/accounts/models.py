"""Who uses the application."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account is in an area."""

    VISITOR = "visitor"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Grant:
    """An account's role in the subtree of ``area`` (an area's id)."""

    role: Role
    area: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account that may act: not disabled. ``name`` is its id and log-in name; ``admin`` administers the server."""

    name: str
    display_name: str
    admin: bool = False
    grants: tuple[Grant, ...] = ()

    @property
    def supervises(self) -> bool:
        """Whether the account supervises any area."""
        return any(grant.role is Role.SUPERVISOR for grant in self.grants)
