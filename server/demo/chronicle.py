"""The visits of all doors in the order of their days, as a year would have brought them in.

Lists show what came last first, and their indexes count on arrivals following the days: so the demo is loaded in that
order. Bodies wait as JSON text, which is a quarter of the memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from server.demo.visits import Diary

Loadable = tuple[str, dict[str, Any], str, Sequence[str]]
"""Id, body, leaf area and path: what :meth:`sync.store.contract.DocumentStore.load_now` takes."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Some visits in order, the follow-ups promised on them, and the reviews of them (by visit id)."""

    visits: list[Loadable]
    followups: list[Loadable]
    reviews: dict[str, Loadable]


@dataclass(frozen=True, slots=True)
class _Page:
    at: str
    visit: str
    path: tuple[str, ...]
    body: bytes
    followup: tuple[str, bytes] | None
    review: bytes | None


class Chronicle:
    """Collects the diaries of doors, then gives them back in order."""

    def __init__(self) -> None:
        self._pages: Final[list[_Page]] = []

    def __len__(self) -> int:
        """Return the number of visits."""
        return len(self._pages)

    def add(self, path: tuple[str, ...], diary: Diary) -> None:
        """Take in the diary of one door, whose area has this ``path``."""
        promised = dict(diary.followups)
        reviewed = {review.visit: review.body for review in diary.reviews}
        for id_, body in diary.visits:
            followup = body.get("followup")
            review = reviewed.get(id_)
            self._pages.append(
                _Page(
                    body["at"],
                    id_,
                    path,
                    _packed(body),
                    (followup, _packed(promised[followup])) if followup else None,
                    _packed(review) if review else None,
                )
            )

    def chapters(self, size: int) -> Iterator[Chapter]:
        """Yield all of it, ``size`` visits at a time, the oldest first."""
        self._pages.sort(key=lambda page: (page.at, page.visit))
        for start in range(0, len(self._pages), size):
            yield _chapter(self._pages[start : start + size])


def _packed(body: dict[str, Any]) -> bytes:
    """Return ``body`` as JSON in no more memory than it needs: orjson's own answer sits in a buffer of 4 kB."""
    return bytes(memoryview(orjson.dumps(body)))


def _chapter(pages: Sequence[_Page]) -> Chapter:
    chapter = Chapter([], [], {})
    for page in pages:
        area = page.path[-1]
        chapter.visits.append((page.visit, orjson.loads(page.body), area, page.path))
        if page.followup is not None:
            id_, body = page.followup
            chapter.followups.append((id_, orjson.loads(body), area, page.path))
        if page.review is not None:
            id_ = page.visit.replace("visit:", "review:", 1)
            chapter.reviews[page.visit] = (id_, orjson.loads(page.review), area, page.path)
    return chapter
