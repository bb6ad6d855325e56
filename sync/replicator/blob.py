"""An attachment's content between the source and the target: a file that is in memory while it is small."""

import base64
import hashlib
import tempfile
from collections.abc import Iterator
from typing import IO, Final

from sync.documents import CHUNK
from sync.replicator.answers import Stub
from sync.replicator.errors import Trouble

IN_MEMORY: Final = 256 * 1024
"""Bytes of one attachment that are held in memory."""


class Fetched:
    """Content that is whole."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self._file: Final = file
        self.length: Final = length

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces."""
        self._file.seek(0)
        while piece := self._file.read(CHUNK):
            yield piece

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


class Fetching:
    """Content that is on its way. ``stub`` is what the document says of it."""

    def __init__(self, name: str, stub: Stub) -> None:
        self._name: Final = name
        self._stub: Final = stub
        self._file: Final = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  it outlives this
        self._length = 0
        self._md5: Final = hashlib.md5(usedforsecurity=False)

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        self._length += len(piece)
        if 0 <= self._stub.length < self._length:
            raise Trouble("an attachment came longer than it should be")
        self._md5.update(piece)
        self._file.write(piece)

    def done(self) -> Fetched:
        """Return it whole. Raises ``Trouble`` when it is not what the document says.

        The digest of an attachment that is kept compressed is the compressed one's: then the length must do.
        """
        if self._stub.length not in {-1, self._length}:
            raise Trouble("an attachment came cut short")
        digest = "md5-" + base64.b64encode(self._md5.digest()).decode()
        if self._stub.digest.startswith("md5-") and self._stub.digest != digest and not _compressible(self._stub):
            raise Trouble("an attachment came changed")
        return Fetched(self._file, self._length)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


def _compressible(stub: Stub) -> bool:
    """Tell whether CouchDB keeps such an attachment compressed (its setting ``attachments.compressible_types``)."""
    kind = stub.content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in {"application/javascript", "application/json", "application/xml"}
