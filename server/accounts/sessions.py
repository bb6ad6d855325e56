"""Sessions kept on the server, known to the browser by a random token in a cookie."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from sqlalchemy import Connection

from server.accounts import repository
from server.accounts.models import Account
from server.accounts.settings import AccountSettings
from server.clock import Clock, to_ms

COOKIE: Final = "baijiamen_session"
COUCH_COOKIE: Final = "AuthSession"
"""The name that CouchDB's clients expect; the token in it is the same."""

TOUCH_MS: Final = 3_600_000
"""The last use of a session is written at most once an hour: a read must not cost a write each time."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is good: whose it is, the hash of its token, and whether its last use should be written."""

    account: Account
    token_hash: str
    stale: bool


def new_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """Return what is kept of a token. It is random, so a plain digest is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def start(connection: Connection, name: str, clock: Clock) -> str:
    """Begin a session of the account and return its token."""
    token = new_token()
    repository.start_session(connection, token_hash=hashed(token), name=name, now_ms=to_ms(clock.now()))
    return token


def find(connection: Connection, token: str, clock: Clock, settings: AccountSettings) -> Session | None:
    """Return the session of ``token``; ``None`` when it has ended, is too old, or its account is disabled."""
    now = clock.now()
    token_hash = hashed(token)
    found = repository.session_of(
        connection,
        token_hash,
        created_after_ms=to_ms(now - timedelta(days=settings.session_days)),
        seen_after_ms=to_ms(now - timedelta(days=settings.session_idle_days)),
    )
    if found is None:
        return None
    name, seen_ms = found
    account = repository.find(connection, name)
    return None if account is None else Session(account, token_hash, stale=to_ms(now) - seen_ms > TOUCH_MS)


def sweep(connection: Connection, clock: Clock, settings: AccountSettings) -> int:
    """Delete sessions that are past their time; return how many."""
    now = clock.now()
    return repository.forget_sessions(
        connection,
        created_before_ms=to_ms(now - timedelta(days=settings.session_days)),
        seen_before_ms=to_ms(now - timedelta(days=settings.session_idle_days)),
    )


def tokens(connection: ASGIConnection[Any, Any, Any, Any]) -> tuple[str, ...]:
    """Return the session tokens that a request carries, ours first."""
    found = (connection.cookies.get(name) for name in (COOKIE, COUCH_COOKIE))
    return tuple(dict.fromkeys(token for token in found if token))


def cookie(token: str, *, secure: bool, settings: AccountSettings) -> Cookie:
    """Return the cookie that carries ``token``."""
    seconds = settings.session_days * 86_400
    return Cookie(key=COOKIE, value=token, path="/", max_age=seconds, httponly=True, secure=secure, samesite="strict")


def clearing(name: str = COOKIE) -> Cookie:
    """Return the cookie that makes the browser forget ``name``."""
    return Cookie(key=name, value="", path="/", max_age=0, httponly=True, samesite="strict")
