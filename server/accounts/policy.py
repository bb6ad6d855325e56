"""Who may call a route. Every route declares one of these as ``opt={"who": Who.…}``; there is no default."""

from enum import Enum
from typing import Final

from server.accounts.models import Account


class Who(Enum):
    """The rule of a route."""

    ANYONE = "anyone"
    """No log-in is asked for."""
    ACCOUNT = "account"
    """Any account that is logged in."""
    SUPERVISOR = "supervisor"
    """An account that supervises at least one area; the service still checks which."""
    ADMIN = "admin"
    """An administrator."""
    LOOPBACK = "loopback"
    """An administrator, or whoever asks from this machine (what collects metrics)."""
    GATEKEEPER = "gatekeeper"
    """Replication: :class:`server.gate.Gate` decides by the database that is asked for."""


ADMINS: Final = {"who": Who.ADMIN}
"""The ``opt`` of a controller that is all for administrators."""


def allows(who: Who, account: Account | None) -> bool:
    """Return whether the rule lets ``account`` (``None``: nobody is logged in) through."""
    if who in {Who.ANYONE, Who.GATEKEEPER}:
        return True
    if account is None:
        return False
    if who is Who.ACCOUNT:
        return True
    return account.supervises if who is Who.SUPERVISOR else account.admin
