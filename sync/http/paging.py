"""Long answers, put together a page at a time: what they need of memory does not grow with what is asked for."""

from collections.abc import AsyncGenerator, Iterable
from typing import Final

from sync.http.wire import Answer

ROWS: Final = 500
"""Most rows of a page."""
FIRST: Final = 64
"""Documents of the first page, as long as nobody knows how long they are."""
BYTES: Final = 4 * 1024 * 1024
"""What is read of documents at once, about."""


class Portion:
    """How many rows to read next: of documents as many as are some megabytes, going by those that were read last."""

    def __init__(self, *, documents: bool) -> None:
        self.rows = FIRST if documents else ROWS

    def learn(self, texts: Iterable[bytes]) -> None:
        """Take the measure of a page's documents."""
        lengths = [len(text) for text in texts]
        if lengths:
            self.rows = max(1, min(ROWS, self.rows * 4, BYTES * len(lengths) // max(1, sum(lengths))))


async def answer(pieces: AsyncGenerator[bytes, None], headers: dict[str, str] | None = None) -> Answer:
    """Return the answer that ``pieces`` are. What goes wrong with the first is raised; one that is all has a length."""
    first = await anext(pieces)
    second = await anext(pieces, None)
    if second is None:
        return Answer(200, first, headers or {})
    return Answer(200, _joined(first, second, pieces), headers or {})


async def _joined(first: bytes, second: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield first
    yield second
    async for piece in rest:
        yield piece
