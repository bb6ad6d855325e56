"""Requests, with what the framework lets through as the server's fault called the client's."""

from typing import Any

from litestar import Request
from litestar.exceptions import ClientException


class Asking(Request[Any, Any, Any]):
    """A request whose body is JSON, or it is answered 400."""

    async def json(self) -> Any:
        """Return the body's value. Raises ``ClientException`` also for bad UTF-8 and for nesting without end."""
        try:
            return await super().json()
        except (UnicodeDecodeError, RecursionError) as error:
            raise ClientException from error
