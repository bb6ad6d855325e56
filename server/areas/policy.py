"""Who may do what in an area: pure functions of an account and an area's path (ids from the root to itself)."""

from collections.abc import Collection, Sequence

from server.accounts.models import Account, Role


def may_read(account: Account, area_path: Sequence[str]) -> bool:
    """Return whether ``account`` may read what belongs to the area: a grant on it or above it, or an administrator."""
    return account.admin or _granted(account, area_path, Role)


def may_write(account: Account, area_path: Sequence[str]) -> bool:
    """Return whether ``account`` may write documents of the area; what each document may say is its own rule."""
    return account.admin or _granted(account, area_path, Role)


def may_review(account: Account, area_path: Sequence[str]) -> bool:
    """Return whether ``account`` supervises the area or one above it. Being an administrator is not enough."""
    return _granted(account, area_path, (Role.SUPERVISOR,))


def granted_areas(account: Account, role: Role | None = None) -> tuple[str, ...]:
    """Return the ids of the areas that were granted to ``account`` (with ``role``, when given), each once, sorted."""
    return tuple(sorted({grant.area for grant in account.grants if role is None or grant.role == role}))


def _granted(account: Account, area_path: Sequence[str], roles: Collection[Role] | type[Role]) -> bool:
    above = set(area_path)
    return any(grant.area in above and grant.role in roles for grant in account.grants)
