"""Real servers on loopback: a push service that reads what it is given as a browser would, and a mail server."""

import asyncio
import json
import socketserver
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


def plain(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Browser:
    """The keys of a device that subscribed."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"0123456789abcdef"

    @property
    def p256dh(self) -> str:
        form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        return text(self.private.public_key().public_bytes(*form))

    def read(self, body: bytes) -> dict[str, Any]:
        """Decrypt a message (RFC 8291)."""
        clear = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm")
        read: dict[str, Any] = json.loads(clear)
        return read


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    def claims(self, public_key: str) -> dict[str, Any]:
        """Verify the VAPID signature (RFC 8292) by ``public_key``; return what it vouches for."""
        scheme, _, parameters = self.headers["authorization"].partition(" ")
        assert scheme.lower() == "vapid"
        fields = dict(each.strip().split("=", 1) for each in parameters.split(","))
        assert fields["k"] == public_key
        head, payload, signature = fields["t"].split(".")
        raw = plain(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), plain(public_key))
        key.verify(der, f"{head}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
        claims: dict[str, Any] = json.loads(plain(payload))
        return claims


Answer = Callable[[Received], tuple[int, dict[str, str]]]


class PushService(ThreadingHTTPServer):
    """Takes messages; ``answer`` decides what it says to each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[Received] = []
        self.answer: Answer = lambda _received: (201, {})
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        received = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        server: Any = self.server
        with server.lock:
            server.received.append(received)
        status, headers = server.answer(received)
        self.send_response(status)
        for name, value in ({"content-length": "0"} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
        """Say nothing."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class MailServer:
    """As much of SMTP (RFC 5321) as taking a message needs."""

    messages: list[str] = field(default_factory=list)
    answer: str = "250 taken"
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while line := (await reader.readline()).decode().strip():
            match line.split(" ")[0].upper():
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    lines: list[str] = []
                    while (one := (await reader.readline()).decode().rstrip("\r\n")) != ".":
                        lines.append(one)
                    self.messages.append("\n".join(lines))
                    writer.write(f"{self.answer}\r\n".encode())
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 good\r\n")
            await writer.drain()
        writer.close()
        await writer.wait_closed()
