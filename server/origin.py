"""Where a request comes from: the client's address behind proxies, and whether a page of ours sent it."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.types import HTTPScope

Request = ASGIConnection[Any, Any, Any, Any]


def client_address(connection: Request, trusted: Sequence[str]) -> str:
    """Return the address of whoever sent the request; "" when unknown.

    ``X-Forwarded-For`` is believed only from ``trusted`` proxies (addresses or networks), read from its right end to
    the first address that is no trusted proxy: what stands left of that, the client may have invented.
    """
    address = connection.client.host if connection.client else ""
    if not _inside(address, tuple(trusted)):
        return address
    forwarded = [part.strip() for part in connection.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    for each in reversed(forwarded):
        address = each
        if not _inside(each, tuple(trusted)):
            break
    return address


def see_through_proxies(scope: HTTPScope, trusted: Sequence[str]) -> None:
    """Put the client's own address and scheme into ``scope`` when a trusted proxy sent the request."""
    if trusted:
        connection: Request = ASGIConnection(scope)
        scope["scheme"] = "https" if is_secure(connection, trusted) else "http"
        scope["client"] = (client_address(connection, trusted), 0)


def from_this_machine(connection: Request) -> bool:
    """Return whether the request came over loopback and through no proxy."""
    address = connection.client.host if connection.client else ""
    return "x-forwarded-for" not in connection.headers and _inside(address, ("127.0.0.0/8", "::1"))


def is_secure(connection: Request, trusted: Sequence[str]) -> bool:
    """Return whether the client came over https, as far as a trusted proxy says, or we see ourselves."""
    address = connection.client.host if connection.client else ""
    if _inside(address, tuple(trusted)) and "x-forwarded-proto" in connection.headers:
        return connection.headers["x-forwarded-proto"].split(",")[-1].strip() == "https"
    return connection.scope["scheme"] == "https"


def same_origin(connection: Request, also: Sequence[str]) -> bool:
    """Return whether the request may carry a change: a page of ours sent it, or no browser did.

    Browsers say so in ``Sec-Fetch-Site``, older ones in ``Origin`` (Fetch Metadata, W3C). A request with neither comes
    from no page. ``also`` are further origins that may.
    """
    origin = connection.headers.get("origin")
    if origin is not None and origin in also:
        return True
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


@lru_cache(maxsize=64)
def _networks(names: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(name, strict=False) for name in names)


def _inside(address: str, names: tuple[str, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _networks(names))
