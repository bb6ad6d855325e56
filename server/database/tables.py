"""Every table of the application: import :data:`metadata` from here and it is complete. One line for each noun."""

from typing import Final

from server.accounts import tables as accounts
from server.areas import tables as areas
from server.database.metadata import metadata

NOUNS: Final = (accounts, areas)

__all__ = ["NOUNS", "metadata"]
