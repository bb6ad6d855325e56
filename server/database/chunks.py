"""Ids in portions that one statement can take."""

from collections.abc import Iterable, Iterator
from typing import Final

CHUNK: Final = 500
"""Most ids in one statement: well below every database's limit of bound values."""


def chunks(ids: Iterable[str], size: int = CHUNK) -> Iterator[list[str]]:
    """Yield ``ids``, each once and sorted, in lists of at most ``size``."""
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), size):
        yield wanted[start : start + size]
