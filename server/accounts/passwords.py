"""Passwords: hashed by argon2id in threads of their own, so that a log-in never holds up the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.accounts.settings import AccountSettings
from server.errors import Invalid

LEAST: Final = 8
MOST: Final = 256


class Passwords:
    """Hashes and checks passwords with the parameters of ``settings``; at most ``hashing_threads`` at a time."""

    def __init__(self, settings: AccountSettings) -> None:
        self._hasher: Final = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self._threads: Final = ThreadPoolExecutor(settings.hashing_threads, thread_name_prefix="argon2")
        self._nobody: Final = self._hasher.hash("nobody's password")

    async def hash(self, password: str) -> str:
        """Return the hash to keep."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.hash_now, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether ``password`` is the one that was hashed.

        With ``None`` (no such account) the answer is false after the same work, so that the time tells nothing.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._verify, password_hash, password)

    def hash_now(self, password: str) -> str:
        """Do as :meth:`hash` does, for callers without an event loop."""
        return self._hasher.hash(password)

    def outdated(self, password_hash: str) -> bool:
        """Return whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password_hash: str | None, password: str) -> bool:
        try:
            right = self._hasher.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return right and password_hash is not None


def check_new(password: str, name: str, *, field: str = "password") -> None:
    """Raise :class:`Invalid` for ``field`` when ``password`` is too weak for the account ``name``.

    Length and the two guesses that everybody tries first; no rules about digits and signs (NIST SP 800-63B, 3.1.1).
    """
    if len(password) < LEAST:
        raise Invalid(field, f"密码太短，请至少用 {LEAST} 个字。")
    if len(password) > MOST:
        raise Invalid(field, f"密码太长，请不要超过 {MOST} 个字。")
    if name.casefold() in password.casefold() and len(password) < len(name) + 6:
        raise Invalid(field, "密码里不要用登录名，请换一个。")
    if len(set(password)) < 4 or password.casefold() in _GUESSED:  # noqa: PLR2004
        raise Invalid(field, "这个密码太容易被猜到，请换一个。")


_GUESSED: Final = frozenset(
    {"12345678", "123456789", "1234567890", "87654321", "password", "qwertyui", "qwertyuiop", "1q2w3e4r", "abcd1234"}
    | {"password1", "iloveyou", "11223344", "qwer1234", "admin123", "a1234567", "12341234", "a12345678", "asdfghjkl"}
)
