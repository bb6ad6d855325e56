"""Every query on accounts, grants, sessions and the one-time link."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from server.accounts.models import Account, Grant, Role
from server.accounts.tables import account, grant, session, setup_link
from server.database.upsert import upsert

CHUNK: Final = 500
"""Most names in one statement."""

# What every request asks is put together once: that takes longer than the query does.
_NAMED: Final = select(account).where(account.c.name == bindparam("wanted"))
_ENABLED: Final = _NAMED.where(account.c.disabled_ms.is_(None))
_GRANTED: Final = (
    select(grant.c.role, grant.c.area)
    .where(grant.c.account == bindparam("wanted"))
    .order_by(grant.c.area, grant.c.role)
)
_GOOD: Final = select(session.c.account, session.c.seen_ms).where(
    session.c.token_hash == bindparam("hash"),
    session.c.created_ms > bindparam("created_after"),
    session.c.seen_ms > bindparam("seen_after"),
)


@dataclass(frozen=True, slots=True)
class Secret:
    """What a log-in needs of an account: its password's hash, and whether it is disabled."""

    name: str
    password_hash: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as administrators see it: also a disabled one. Times are milliseconds since 1970."""

    account: Account
    created_ms: int
    disabled_ms: int | None


def find(connection: Connection, name: str) -> Account | None:
    """Return the account with its grants; ``None`` when there is none of that name, or it is disabled."""
    row = connection.execute(_ENABLED, {"wanted": name}).first()
    if row is None:
        return None
    grants = tuple(Grant(Role(role), area) for role, area in connection.execute(_GRANTED, {"wanted": name}))
    return Account(row.name, row.display_name, admin=row.admin, grants=grants)


def listing(connection: Connection, *, after: str = "", limit: int = 200) -> list[Listed]:
    """Return accounts by name, disabled ones too: at most ``limit``, those after the name ``after``."""
    return _listed(connection, select(account).where(account.c.name > after).order_by(account.c.name).limit(limit))


def listed(connection: Connection, name: str) -> Listed | None:
    """Return one account as :func:`listing` does, or ``None``."""
    return next(iter(_listed(connection, select(account).where(account.c.name == name))), None)


def display_names(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return name → display name for those of ``names`` that exist, disabled ones too."""
    wanted = sorted(set(names))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        rows = connection.execute(select(account.c.name, account.c.display_name).where(account.c.name.in_(some)))
        found.update((row.name, row.display_name) for row in rows)
    return found


def granted_on(connection: Connection, areas: Sequence[str], role: Role | None = None) -> list[str]:
    """Return the names of accounts that are not disabled and have a grant (with ``role``) on one of ``areas`` itself.

    Who answers for an area: pass its path, so that those above are found too.
    """
    query = (
        select(grant.c.account)
        .join(account, account.c.name == grant.c.account)
        .where(grant.c.area.in_(list(areas)), account.c.disabled_ms.is_(None))
        .distinct()
        .order_by(grant.c.account)
    )
    return list(connection.scalars(query if role is None else query.where(grant.c.role == role.value)))


def exists(connection: Connection, name: str) -> bool:
    """Return whether the name is taken, by a disabled account too."""
    return connection.execute(select(account.c.name).where(account.c.name == name)).first() is not None


def any_admin(connection: Connection) -> bool:
    """Return whether there is an administrator who is not disabled."""
    query = select(account.c.name).where(account.c.admin, account.c.disabled_ms.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def count(connection: Connection) -> int:
    """Return how many accounts there are."""
    return connection.scalar(select(func.count()).select_from(account)) or 0


def secret(connection: Connection, name: str) -> Secret | None:
    """Return what a log-in needs, or ``None`` when there is no such account."""
    row = connection.execute(_NAMED, {"wanted": name}).first()
    return None if row is None else Secret(row.name, row.password_hash, disabled=row.disabled_ms is not None)


def add(
    connection: Connection, *, name: str, display_name: str, password_hash: str, admin: bool, created_ms: int
) -> None:
    """Insert an account; its name must be free."""
    values = {"name": name, "display_name": display_name, "password_hash": password_hash, "admin": admin}
    connection.execute(insert(account).values(**values, created_ms=created_ms))


def set_columns(connection: Connection, name: str, **values: Any) -> bool:
    """Set columns of an account; return whether it exists."""
    return connection.execute(update(account).where(account.c.name == name).values(**values)).rowcount > 0


def add_grant(connection: Connection, name: str, given: Grant, created_ms: int) -> None:
    """Grant; granting again changes nothing."""
    row = {"account": name, "role": given.role.value, "area": given.area, "created_ms": created_ms}
    upsert(connection, grant, [row], keys=("account", "role", "area"), update=())


def remove_grant(connection: Connection, name: str, taken: Grant) -> bool:
    """Take a grant away; return whether there was one."""
    gone = connection.execute(
        delete(grant).where(grant.c.account == name, grant.c.role == taken.role.value, grant.c.area == taken.area)
    )
    return gone.rowcount > 0


def all_grants(
    connection: Connection, *, account_name: str | None = None, area: str | None = None
) -> list[tuple[str, Grant]]:
    """Return (account name, grant), by name; of one account or one area only, when given."""
    query = select(grant).order_by(grant.c.account, grant.c.area, grant.c.role)
    if account_name is not None:
        query = query.where(grant.c.account == account_name)
    if area is not None:
        query = query.where(grant.c.area == area)
    return [(row.account, Grant(Role(row.role), row.area)) for row in connection.execute(query)]


def start_session(connection: Connection, *, token_hash: str, name: str, now_ms: int) -> None:
    """Insert a session."""
    values = {"token_hash": token_hash, "account": name, "created_ms": now_ms, "seen_ms": now_ms}
    connection.execute(insert(session).values(**values))


def session_of(
    connection: Connection, token_hash: str, *, created_after_ms: int, seen_after_ms: int
) -> tuple[str, int] | None:
    """Return (account name, last seen, ms) of a session that is still good by these limits, or ``None``."""
    bounds = {"hash": token_hash, "created_after": created_after_ms, "seen_after": seen_after_ms}
    row = connection.execute(_GOOD, bounds).first()
    return None if row is None else (row.account, row.seen_ms)


def touch_session(connection: Connection, token_hash: str, now_ms: int) -> None:
    """Write that the session was used at ``now_ms``."""
    connection.execute(update(session).where(session.c.token_hash == token_hash).values(seen_ms=now_ms))


def end_these_sessions(connection: Connection, token_hashes: Sequence[str]) -> None:
    """End the sessions of these tokens, those that there are."""
    connection.execute(delete(session).where(session.c.token_hash.in_(token_hashes)))


def end_sessions(connection: Connection, name: str, *, keep: str | None = None) -> int:
    """End all sessions of an account but the one whose token's hash is ``keep``; return how many ended."""
    query = delete(session).where(session.c.account == name)
    return connection.execute(query if keep is None else query.where(session.c.token_hash != keep)).rowcount


def forget_sessions(connection: Connection, *, created_before_ms: int, seen_before_ms: int) -> int:
    """Delete the sessions that are past their time; return how many."""
    query = delete(session).where((session.c.created_ms <= created_before_ms) | (session.c.seen_ms <= seen_before_ms))
    return connection.execute(query).rowcount


def put_setup_link(connection: Connection, token_hash: str, expires_ms: int) -> None:
    """Make this the only one-time link; those before it are void."""
    connection.execute(delete(setup_link))
    connection.execute(insert(setup_link).values(token_hash=token_hash, expires_ms=expires_ms, used_ms=None))


def use_setup_link(connection: Connection, token_hash: str, now_ms: int) -> bool:
    """Mark the link used; return false when there is none, it has expired, or it was used before."""
    changed = connection.execute(
        update(setup_link)
        .where(setup_link.c.token_hash == token_hash, setup_link.c.expires_ms > now_ms, setup_link.c.used_ms.is_(None))
        .values(used_ms=now_ms)
    )
    return changed.rowcount == 1


def _listed(connection: Connection, query: Select[Any]) -> list[Listed]:
    rows = connection.execute(query).all()
    grants = _grants(connection, [row.name for row in rows])
    return [
        Listed(
            Account(row.name, row.display_name, admin=row.admin, grants=grants.get(row.name, ())),
            row.created_ms,
            row.disabled_ms,
        )
        for row in rows
    ]


def _grants(connection: Connection, names: Sequence[str]) -> dict[str, tuple[Grant, ...]]:
    found: dict[str, list[Grant]] = {}
    if names:
        query = select(grant).where(grant.c.account.in_(names)).order_by(grant.c.area, grant.c.role)
        for row in connection.execute(query):
            found.setdefault(row.account, []).append(Grant(Role(row.role), row.area))
    return {name: tuple(grants) for name, grants in found.items()}


def find_many(connection: Connection, names: Iterable[str]) -> dict[str, Account]:
    """Return the accounts of these ``names`` with their grants, by name; unknown and disabled ones are left out."""
    wanted = sorted(set(names))
    found: dict[str, Account] = {}
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        grants = _grants(connection, some)
        rows = connection.execute(select(account).where(account.c.name.in_(some), account.c.disabled_ms.is_(None)))
        for row in rows:
            found[row.name] = Account(row.name, row.display_name, admin=row.admin, grants=grants.get(row.name, ()))
    return found
