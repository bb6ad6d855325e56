"""Those who read after a restart: followers of a feed, who were told a sequence before, and rely on it."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from tests.faults.pushers import Caller, Ledger

PORTION: Final = 500


class Follower:
    """Reads on in one database's feed from where it was, and holds the server to what it was told."""

    def __init__(self, caller: Caller, database: str) -> None:
        self._caller = caller
        self._path = f"/sync/{database}"
        self._newest = 0
        self.told: dict[str, tuple[int, str]] = {}
        """Sequence and winning revision of each document, as last heard."""

    def read_on(self) -> None:
        info = self._caller.get(self._path)
        assert int(info["update_seq"]) >= self._newest, "update_seq went back"
        rows = self._rows(self._newest)
        sequences = [seq for seq, _, _ in rows]
        assert sequences == sorted(set(sequences))
        assert not sequences or sequences[0] > self._newest
        self.told.update({document: (seq, rev) for seq, document, rev in rows})
        self._newest = max([self._newest, *sequences])

    def read_again(self) -> None:
        """Read the whole feed: it says what it said in all the parts, in the same order."""
        rows = self._rows(0)
        assert rows == sorted((seq, document, rev) for document, (seq, rev) in self.told.items())

    def check(self, ledger: Ledger, documents: Iterable[str]) -> None:
        """Assert that of ``documents`` each acknowledged revision is known, and the right one wins, with its body."""
        for some in _portions(sorted(documents)):
            asked = {each: sorted(ledger.acknowledged[each]) for each in some}
            assert self._caller.post(f"{self._path}/_revs_diff", asked) == {}, "an acknowledged revision is gone"
            rows = self._caller.post(f"{self._path}/_all_docs?include_docs=true", {"keys": some})["rows"]
            assert [each["id"] for each in rows] == some
            for each in rows:
                rev, body = each["value"]["rev"], dict(each["doc"])
                assert rev in ledger.may_win(each["id"])
                assert body.pop("_rev") == rev
                assert body == ledger.written[each["id"]][rev]
                assert self.told[each["id"]][1] == rev, "the feed did not tell of it"

    def _rows(self, since: int) -> list[tuple[int, str, str]]:
        told: Any = self._caller.get(f"{self._path}/_changes?since={since}")
        return [(int(each["seq"]), each["id"], each["changes"][0]["rev"]) for each in told["results"]]


def _portions(each: list[str]) -> Iterator[list[str]]:
    source = iter(each)
    while some := list(islice(source, PORTION)):
        yield some
