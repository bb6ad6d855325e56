"""Logging in: one way for the application's own page, CouchDB's ``_session`` and basic authentication."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from server.accounts import repository, sessions
from server.accounts.attempts import Attempts
from server.accounts.models import Account
from server.accounts.passwords import Passwords
from server.accounts.service import NAME_MOST
from server.clock import Clock
from server.errors import Unauthorized
from sync.store.database import Database

WRONG: Final = "登录名或密码不对，请检查后再试。忘记密码请联系管理员重设。"


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A log-in that succeeded; ``token`` goes into the cookie."""

    account: Account
    token: str


@dataclass(frozen=True, slots=True)
class Login:
    """Checks names and passwords, slowly for guessers."""

    database: Database
    passwords: Passwords
    attempts: Attempts
    clock: Clock

    async def check(self, name: str, password: str, *, client: str) -> repository.Secret:
        """Return the secret of the account that this is the password of.

        Raises :class:`Unauthorized`, after the same work whether the name is unknown, disabled or the password wrong,
        and :class:`server.errors.TooManyRequests`.
        """
        attempt = self.attempts.begin(name[:NAME_MOST], client)
        secret = await self.database.read(lambda c: repository.secret(c, name))
        right = await self.passwords.verify(None if secret is None else secret.password_hash, password)
        if secret is None or secret.disabled or not right:
            raise Unauthorized(WRONG)
        self.attempts.succeeded(attempt)
        return secret

    async def log_in(self, name: str, password: str, *, client: str) -> LoggedIn:
        """Check the password and begin a session. Raises as :meth:`check` does.

        A hash made with other parameters than today's is made anew.
        """
        secret = await self.check(name, password, client=client)
        fresh = await self.passwords.hash(password) if self.passwords.outdated(secret.password_hash) else None

        def begin(connection: Connection) -> LoggedIn:
            account = repository.find(connection, name)
            now = repository.secret(connection, name)
            if account is None or now is None or now.password_hash != secret.password_hash:
                raise Unauthorized(WRONG)  # disabled, or its password changed, while we were hashing
            if fresh is not None:
                repository.set_columns(connection, name, password_hash=fresh)
            return LoggedIn(account, sessions.start(connection, name, self.clock))

        return await self.database.write(begin)
