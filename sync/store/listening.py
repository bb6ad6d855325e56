"""Hearing what other processes commit: one PostgreSQL connection that listens, in a thread of its own."""

import contextlib
import logging
import select
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import psycopg
from psycopg import sql

RETRY_SECONDS: Final = 2.0
"""How long to wait before connecting anew."""
PROBE_SECONDS: Final = 20.0
"""How long nothing is heard until the connection is tried with a query: one that died in silence is found out."""

log: Final = logging.getLogger(__name__)


def ready(seconds: float, *sockets: int) -> bool:
    """Wait until there is something to read; return whether there is.

    ``select.select`` would fail where a thousand feeds are open: it takes no number above 1,023.
    """
    waiting = select.poll()
    for each in sockets:
        waiting.register(each, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


class Listener:
    """Calls ``heard`` with each announcement on ``channel``; connects anew when the connection breaks."""

    def __init__(self, parameters: Mapping[str, Any], channel: str, heard: Callable[[str], None]) -> None:
        self._parameters: Final = parameters
        self._channel: Final = channel
        self._heard: Final = heard
        self._begun = 0
        self._hears = False
        self._over: Final = threading.Event()
        self._bell, self._rope = socket.socketpair()
        self._thread: Final = threading.Thread(target=self._run, name="db-listen", daemon=True)
        self._thread.start()

    @property
    def times(self) -> int:
        """How many times listening began; 0 while nothing is heard."""
        return self._begun if self._hears else 0

    def close(self) -> None:
        """Stop listening, and wait until the connection is closed."""
        self._over.set()
        with contextlib.suppress(OSError):
            self._rope.send(b"x")
        self._thread.join()
        self._bell.close()
        self._rope.close()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                with psycopg.connect(**self._parameters, autocommit=True) as connection:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
                    self._begun += 1
                    self._hears = True
                    self._listen(connection)
            except (psycopg.Error, OSError) as error:
                log.warning("not hearing other processes' commits for now: %s", type(error).__name__)
            finally:
                self._hears = False
            self._over.wait(RETRY_SECONDS)

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        while not self._over.is_set():
            if not ready(PROBE_SECONDS, connection.fileno(), self._bell.fileno()):
                connection.execute("SELECT 1")
            for notice in connection.notifies(timeout=0):
                try:
                    self._heard(notice.payload)
                except Exception:  # one announcement that fails must not silence those after it
                    log.exception("an announcement was not understood")
