"""One page of changes on its way from the source to the target, as a machine without network.

:meth:`Batch.next` says what to do; the answer goes into the method of the same name; until there is nothing left to
do. Then every change of the page is either stored by the target, or known there before, or counted as refused, or
gone at the source; only then may a checkpoint move past it.

===========  ===============================  =====================================================
to do        what                             told by
===========  ===============================  =====================================================
``Diff``     ask the target what it lacks     :meth:`Batch.diffed`
``Fetch``    get revisions from the source    :meth:`Batch.fetched`
``Attach``   get a document's attachments     nothing: they are put into the document
``Store``    give documents to the target     :meth:`Batch.stored`, ``not_taken`` or ``stub_missing``
===========  ===============================  =====================================================
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sync.replicator.answers import Asked, Change, Failure, Head, Missing
from sync.replicator.checkpoint import Counts
from sync.replicator.document import Document
from sync.replicator.errors import Trouble

AIM: Final = 4 * 1024 * 1024
"""Bytes of documents that one request should carry."""
MOST: Final = 500
"""Documents that one request may carry."""
FOR_THE_DOCUMENT: Final = frozenset(
    {
        "forbidden",
        "unauthorized",
        "doc_validation",
        "illegal_docid",
        "too_large",
        "document_too_large",
        "attachment_too_large",
        "request_entity_too_large",
        "bad_request",
    }
)
"""Errors that mean one document, which will not be taken the next time either."""


@dataclass(frozen=True, slots=True)
class Diff:
    """Ask the target which of these revisions it lacks."""

    revs: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Fetch:
    """Get these revisions from the source."""

    asked: Sequence[Asked]


@dataclass(frozen=True, slots=True)
class Attach:
    """Get the attachments that :meth:`Document.absent` names."""

    document: Document


@dataclass(frozen=True, slots=True)
class Store:
    """Give these to the target."""

    documents: Sequence[Document]


Step = Diff | Fetch | Attach | Store


class Aim:
    """How many documents make a request of about :data:`AIM` bytes, judged by those that came before."""

    def __init__(self, most: int = MOST) -> None:
        self._most: Final = most
        self._average = float(AIM // 100)

    @property
    def count(self) -> int:
        """Documents for the next request."""
        return max(1, min(self._most, int(AIM / self._average)))

    def seen(self, documents: int, size: int) -> None:
        """Take into account that ``documents`` had ``size`` bytes together."""
        if documents:
            self._average = max(1.0, size / documents, self._average / 4)


class Batch:
    """See the module."""

    def __init__(self, changes: Iterable[Change], aim: Aim, *, big: int) -> None:
        revs: dict[str, list[str]] = {}
        for change in changes:
            known = revs.setdefault(change.id, [])
            known += [each.rev for each in change.changes if each.rev not in known]
        self.counts: Final = Counts(missing_checked=sum(map(len, revs.values())))
        self._aim: Final = aim
        self._big: Final = big
        """Bytes from which a document travels alone."""
        self._revs: dict[str, list[str]] | None = revs or None
        self._ancestors: dict[str, frozenset[str]] = {}
        self._wanted: list[Asked] = []
        self._bare: list[Document] = []
        self._ready: list[Document] = []
        self._at_once = MOST

    def next(self) -> Step | None:
        """Return what to do now; ``None``: all is done."""
        if self._revs is not None:
            return Diff(self._revs)
        while self._bare:
            if self._bare[-1].absent():
                return Attach(self._bare[-1])
            self._ready.append(self._bare.pop())
        if self._ready:
            return Store(self._group())
        if self._wanted:
            return Fetch(self._wanted[: self._aim.count])
        return None

    def diffed(self, missing: Mapping[str, Missing]) -> None:
        """Take the target's answer."""
        self._revs = None
        self._wanted = [(id_, rev) for id_, told in missing.items() for rev in dict.fromkeys(told.missing)]
        self._ancestors = {id_: frozenset(told.possible_ancestors) for id_, told in missing.items()}
        self.counts.missing_found += len(self._wanted)

    def fetched(self, asked: Sequence[Asked], documents: Sequence[tuple[Head, bytes]], gone: Sequence[Asked]) -> None:
        """Take the source's answer. ``gone`` are revisions that it says it does not hold: newer ones follow."""
        self.counts.bulk_get_attempts += len(asked)
        self.counts.bulk_get_docs += len(documents)
        self._aim.seen(len(documents), sum(len(text) for _, text in documents))
        left = set(self._wanted) - set(asked) - set(gone)
        self._wanted = [each for each in self._wanted if each in left]
        for head, text in documents:
            self._bare.append(Document(head, text, self._ancestors.get(head.id, frozenset())))
        self.counts.docs_read += len(documents)

    def stored(self, documents: Sequence[Document], failures: Sequence[Failure]) -> None:
        """Take the target's answer. Raises ``Trouble`` for a failure that may pass, which must not be passed over."""
        failed: dict[str, list[Failure]] = {}
        for failure in failures:
            if failure.word is not None:
                failed.setdefault(failure.id, []).append(failure)
        again = []
        passing: Failure | None = None
        for document in documents:
            told = [each for each in failed.pop(document.id, ()) if each.rev in {None, document.rev}]
            words = {each.word for each in told}
            if not words:
                self.counts.docs_written += 1
            elif "missing_stub" in words and not document.whole:
                again.append(document)
                continue
            elif words <= FOR_THE_DOCUMENT:
                self.counts.doc_write_failures += 1
            else:
                passing = told[0]
            document.close()
        if failed:
            raise Trouble("the answer of _bulk_docs speaks of what was not sent")
        if passing is not None:
            raise Trouble(f"the target could not store a document: {passing.word}")
        self._take(documents)
        self._refetch(again)

    def stub_missing(self, documents: Sequence[Document]) -> None:
        """Take the answer that the target lacks some attachment that one of them only names."""
        self._take(documents)
        partly = [document for document in documents if not document.whole and document.head.attachments]
        if not partly:
            raise Trouble("the target says that it lacks an attachment which it was given")
        self._ready += [document for document in documents if document not in partly]
        self._refetch(partly)

    def not_taken(self, documents: Sequence[Document]) -> None:
        """Take the answer that the request is too big or wrong: halve it until it is clear by which document."""
        if len(documents) == 1:
            self._take(documents)
            self.counts.doc_write_failures += 1
            documents[0].close()
        else:
            self._at_once = len(documents) // 2

    def close(self) -> None:
        """Let go of what was fetched and not stored."""
        for document in (*self._bare, *self._ready):
            document.close()

    def _group(self) -> list[Document]:
        group: list[Document] = []
        weight = 0
        for document in self._ready:
            if group and (len(group) >= self._at_once or weight + document.weight > AIM or document.weight > self._big):
                break
            group.append(document)
            weight += document.weight
            if document.weight > self._big:
                break
        return group

    def _take(self, documents: Sequence[Document]) -> None:
        taken = {id(document) for document in documents}
        self._ready = [document for document in self._ready if id(document) not in taken]
        self._at_once = min(MOST, self._at_once * 2)

    def _refetch(self, documents: Sequence[Document]) -> None:
        for document in documents:
            document.whole = True
            self._bare.append(document)
