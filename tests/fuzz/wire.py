"""HTTP over bare sockets: what no proper client would send, and answers read to the last byte."""

import socket
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final

DEADLINE: Final = 30.0
"""Seconds for a whole answer, on a machine that others use too."""


class Broken(Exception):
    """An answer that is none: it breaks off, or is not HTTP."""


class Late(Exception):
    """No answer in time."""


@dataclass(frozen=True, slots=True)
class Told:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The media type."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(slots=True)
class Request:
    """One request as it goes over the wire. ``odd``: not proper HTTP, so that the answer need not be ours."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    odd: bool = False

    @property
    def waits(self) -> bool:
        """Whether the answer may come, or end, when it likes."""
        return b"feed" in self.target.encode() + self.body or "_replicate" in self.target or "timeout" in self.target

    def head(self, *more: tuple[str, str]) -> bytes:
        """Return the request's head."""
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in (*self.headers, *more)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")

    def whole(self) -> bytes:
        """Return the request with its length told."""
        length = [("Content-Length", str(len(self.body)))] if self.body or self.method in {"PUT", "POST"} else []
        return self.head(*length) + self.body

    def told(self) -> str:
        """Return what a finding shows of it."""
        return (
            f"{self.head().decode('utf-8', 'replace').strip()[:1500]}\n\n{self.body[:1500]!r} ({len(self.body)} bytes)"
        )


class Connection:
    """One connection to the server. Answers are read in order."""

    def __init__(self, port: int) -> None:
        self._deadline = time.monotonic() + DEADLINE
        self.socket: Final = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file: Final[IO[bytes]] = self.socket.makefile("rb")
        self.open = True

    def begin(self, seconds: float = DEADLINE) -> None:
        """Give the next answer so many seconds."""
        self._deadline = time.monotonic() + seconds
        self.socket.settimeout(seconds)

    def send(self, raw: bytes) -> bool:
        """Send; return whether the other side still takes anything."""
        try:
            self.socket.sendall(raw)
        except TimeoutError as error:
            raise Late from error
        except OSError:  # it has answered without reading on: the answer may still be there
            return False
        return True

    def close(self) -> None:
        """Hang up."""
        self.open = False
        self._file.close()
        self.socket.close()

    def reset(self) -> None:
        """Hang up without good-bye: the other side finds the connection reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    # -- answers -------------------------------------------------------------------------------------------------------

    def answer(self, method: str) -> Told:
        """Return the next answer. Raises ``Broken`` and ``Late``."""
        try:
            return self._answer(method)
        except TimeoutError as error:
            self.close()
            raise Late from error
        except (OSError, ValueError) as error:
            self.close()
            raise Broken(f"{type(error).__name__}: {error}") from error

    def peek(self, amount: int) -> bytes:
        """Return some first bytes of what comes, or none in time."""
        try:
            return self.socket.recv(amount)
        except OSError:
            return b""

    def _answer(self, method: str) -> Told:
        status, headers = self._head()
        while 100 <= status < 200:
            status, headers = self._head()
        if method == "HEAD" or status in {204, 304}:
            body = b""
        elif "chunked" in headers.get("transfer-encoding", ""):
            body = self._chunks()
        elif "content-length" in headers:
            body = self._read(int(headers["content-length"]))
        else:
            body = self._file.read()
            self.open = False
        if headers.get("connection", "").lower() == "close":
            self.open = False
        return Told(status, headers, body)

    def _head(self) -> tuple[int, dict[str, str]]:
        first = self._line()
        if not first.startswith(b"HTTP/1."):
            raise Broken(f"no answer: {first[:200]!r}")
        headers = {}
        while line := self._line().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(first.split()[1]), headers

    def _line(self) -> bytes:
        self._hurry()
        line = self._file.readline(65536)
        if not line.endswith(b"\n"):
            raise Broken(f"breaks off after {line[:200]!r}")
        return line

    def _read(self, length: int) -> bytes:
        pieces = []
        while length:
            self._hurry()
            piece = self._file.read(min(length, 65536))
            if not piece:
                raise Broken(f"breaks off {length} bytes before its end")
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def _chunks(self) -> bytes:
        pieces = []
        while length := int(self._line().split(b";")[0], 16):
            pieces.append(self._read(length))
            self._line()
        self._line()
        return b"".join(pieces)

    def _hurry(self) -> None:
        if time.monotonic() > self._deadline:
            raise TimeoutError


def ask(
    port: int, method: str, target: str, body: bytes = b"", headers: Sequence[tuple[str, str]] = (), **more: Any
) -> Told:
    """Return the answer to one proper request on a connection of its own."""
    connection = Connection(port)
    try:
        connection.begin(**more)
        connection.send(Request(method, target, list(headers), body).whole())
        return connection.answer(method)
    finally:
        connection.close()
