"""The application's say over the replication routes: who asks, and what a name under ``/sync/`` opens for them.

Basic authentication comes with every request of a client that uses it. Hashing the password each time would cost
more than the request, so a checked one is remembered for some minutes, in memory, as a digest under a key that dies
with the process. It is forgotten as soon as the account's stored hash is another one, whichever process changed it.
"""

import base64
import hashlib
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, Final

from litestar.connection import ASGIConnection
from sqlalchemy import Connection

from server import errors
from server.accounts import repository, sessions
from server.accounts.login import Login
from server.accounts.models import Account
from server.areas import repository as areas
from server.areas.policy import may_read
from server.guard import logged_in
from server.origin import client_address
from server.settings import Settings
from sync.access import Principal, View
from sync.errors import DatabaseMissing, Forbidden, TooManyRequests, Unauthorized

AREAS: Final = "areas"
"""The stored database that holds the documents of all areas."""
PREFIX: Final = "area-"
REMEMBERED: Final = 4096
"""Most passwords remembered; the longest unused is forgotten first."""


class Gate:
    """Implements :class:`sync.access.Gatekeeper` with this application's accounts, sessions and grants."""

    def __init__(self, login: Login, settings: Settings) -> None:
        self._login: Final = login
        self._settings: Final = settings
        self._key: Final = secrets.token_bytes(32)
        self._verified: Final[OrderedDict[bytes, tuple[str, datetime]]] = OrderedDict()

    async def identify(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Principal | None:
        """Return who asks, by basic authentication or else by session cookie; ``None`` for nobody.

        Raises :class:`Unauthorized` for a wrong name or password, :class:`TooManyRequests` after too many.
        """
        header = connection.headers.get("authorization", "")
        if header[:6].lower() == "basic ":
            client = client_address(connection, self._settings.trusted_proxies)
            return principal(await self._basic(header[6:], client))
        account = await logged_in(connection)
        return None if account is None else principal(account)

    async def log_in(self, name: str, password: str, *, client: str) -> tuple[Principal, str] | None:
        """Check a password; return the principal and the token of a new session, or ``None`` when it is wrong."""
        try:
            done = await self._login.log_in(name, password, client=client)
        except errors.Unauthorized:
            return None
        except errors.TooManyRequests as error:
            raise TooManyRequests(error.message, retry_after=error.retry_after) from error
        return principal(done.account), done.token

    async def log_out(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """End the session that the request carries, if any."""
        hashes = [sessions.hashed(token) for token in sessions.tokens(connection)]
        if hashes:
            await self._login.database.write(lambda c: repository.end_these_sessions(c, hashes))

    async def open(self, principal: Principal | None, name: str) -> View:
        """Return what ``name`` opens: one area for those to whom it is granted, everything for administrators."""
        if principal is None:
            raise Unauthorized
        if name.startswith(PREFIX):
            return await self._login.database.read(lambda c: _area(c, principal, name))
        account = await self._login.database.read(lambda c: repository.find(c, principal.name))
        if account is None or not account.admin:
            raise Forbidden("You are not allowed to access this db.")
        return View(name, name)

    async def _basic(self, encoded: str, client: str) -> Account:
        try:
            name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:  # no base64, no ASCII even, or no UTF-8 inside
            name = colon = password = ""
        if not colon:
            raise Unauthorized("Name or password is incorrect.")
        digest = hashlib.blake2b(f"{name}\0{password}".encode(), key=self._key, digest_size=32).digest()
        account, secret = await self._login.database.read(
            lambda c: (repository.find(c, name), repository.secret(c, name))
        )
        if account is not None and secret is not None and self._remembers(digest, secret.password_hash):
            return account
        try:
            checked = await self._login.check(name, password, client=client)
        except errors.Unauthorized as error:
            raise Unauthorized("Name or password is incorrect.") from error
        except errors.TooManyRequests as error:
            raise TooManyRequests(error.message, retry_after=error.retry_after) from error
        if account is None:  # enabled between our two looks: next time
            raise Unauthorized("Name or password is incorrect.")
        self._remember(digest, checked.password_hash)
        return account

    def _remembers(self, digest: bytes, password_hash: str) -> bool:
        kept = self._verified.get(digest)
        if kept is None:
            return False
        if kept[0] != password_hash or kept[1] <= self._login.clock.now():
            del self._verified[digest]
            return False
        self._verified.move_to_end(digest)
        return True

    def _remember(self, digest: bytes, password_hash: str) -> None:
        until = self._login.clock.now() + timedelta(seconds=self._settings.accounts.verified_seconds)
        self._verified[digest] = (password_hash, until)
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)


def principal(account: Account) -> Principal:
    """Return the account as replication knows it. CouchDB calls an administrator's role ``_admin``."""
    roles = sorted({grant.role.value for grant in account.grants})
    return Principal(account.name, admin=account.admin, roles=("_admin", *roles) if account.admin else tuple(roles))


def _area(connection: Connection, asking: Principal, name: str) -> View:
    account = repository.find(connection, asking.name)
    area = areas.one(connection, name.removeprefix(PREFIX))
    if area is None and account is not None and account.admin:
        raise DatabaseMissing
    if account is None or area is None or not may_read(account, area.path):
        raise Forbidden("这个区域不归您负责，或授权已被收回。请联系管理员。")
    return View(name, AREAS, area.id)
