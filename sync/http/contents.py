"""Attachments' contents on their way: in from a request to a temporary file, out of the store a piece at a time."""

import base64
import hashlib
import tempfile
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack
from typing import IO, Final

from sync.documents import CHUNK, Upload
from sync.errors import AttachmentMissing, AttachmentTooLarge, BadRequest
from sync.store.contract import DocumentStore

IN_MEMORY: Final = 1024 * 1024
"""Bytes of an upload that are held in memory; what is longer waits in a file until it is whole."""


class Spooled:
    """Content that was received piece by piece into a temporary file."""

    def __init__(self, file: IO[bytes], length: int, md5: str, key: str) -> None:
        self._file: Final = file
        self.length: Final = length
        self.md5: Final = md5
        self.key: Final = key

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces."""
        start = 0
        while start < self.length:
            self._file.seek(start)  # somebody else may read meanwhile
            piece = self._file.read(CHUNK)
            start += len(piece)
            yield piece


class Spool:
    """An attachment that arrives. ``limit`` holds for what is stored, and for what a packed one unpacks to.

    Its file lives as long as ``held``.
    """

    def __init__(self, name: str, limit: int, held: ExitStack, *, packed: bool) -> None:
        self._name: Final = name
        self._limit: Final = limit
        self._file: Final = held.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115  it outlives this function
        self._md5: Final = hashlib.md5(usedforsecurity=False)
        self._sha: Final = hashlib.sha256()
        self._unpacked: Final = _Unpacked(name, limit) if packed else None
        self._length = 0

    def write(self, piece: bytes) -> None:
        """Take the next piece. Raises ``AttachmentTooLarge``, ``BadRequest`` for what is not packed as is said."""
        self._length += len(piece)
        if self._length > self._limit:
            raise AttachmentTooLarge(self._name)
        self._md5.update(piece)
        self._sha.update(piece)
        self._file.write(piece)
        if self._unpacked is not None:
            self._unpacked.write(piece)

    def upload(self, content_type: str) -> Upload:
        """Return the attachment, now that it is whole."""
        md5 = "md5-" + base64.b64encode(self._md5.digest()).decode()
        content = Spooled(self._file, self._length, md5, self._sha.hexdigest())
        return Upload(content_type, content, decoded=self._unpacked.finish() if self._unpacked else None)


class _Unpacked:
    """Measures what packed content unpacks to, and keeps none of it."""

    def __init__(self, name: str, limit: int) -> None:
        self._name: Final = name
        self._limit: Final = limit
        self._length = 0
        self._unpacking = _unpacking()
        self._begun = False

    def write(self, piece: bytes) -> None:
        while piece:
            if self._unpacking.eof:
                self._unpacking = _unpacking()
            self._begun = True
            try:
                self._length += len(self._unpacking.decompress(piece, CHUNK))
            except zlib.error as error:
                raise BadRequest(f"Attachment {self._name} is not packed with gzip") from error
            if self._length > self._limit:
                raise AttachmentTooLarge(self._name)
            piece = self._unpacking.unconsumed_tail or self._unpacking.unused_data

    def finish(self) -> int:
        if self._begun and not self._unpacking.eof:
            raise BadRequest(f"Attachment {self._name} is not packed with gzip, or not all of it came")
        return self._length


def _unpacking() -> "zlib._Decompress":
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


async def pieces(store: DocumentStore, key: str, first: int, last: int) -> AsyncGenerator[bytes, None]:
    """Yield the bytes ``first`` to ``last`` of a content, a piece at a time, each from a transaction of its own.

    Raises ``AttachmentMissing`` when it is purged meanwhile.
    """
    for part in range(first // CHUNK, last // CHUNK + 1):
        piece = await store.database.read(lambda c, n=part: store.piece_now(c, key, n))  # type: ignore[misc]
        if piece is None:
            raise AttachmentMissing
        start = part * CHUNK
        yield piece[max(0, first - start) : last + 1 - start]


async def unpacked(packed: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield what packed content unpacks to, in pieces of bounded length."""
    unpacking = _unpacking()
    async for piece in packed:
        rest = piece
        while rest:
            if unpacking.eof:
                unpacking = _unpacking()
            yield unpacking.decompress(rest, CHUNK)
            rest = unpacking.unconsumed_tail or unpacking.unused_data
