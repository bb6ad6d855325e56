"""One database of one server, as the replicator asks it: requests that are tried again, answers that are checked."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import httpx
import orjson

from sync.replicator import answers, pacing
from sync.replicator.answers import Asked, Failure, Head, Info, Missing, Page, Stub
from sync.replicator.blob import Fetched, Fetching
from sync.replicator.document import Document
from sync.replicator.errors import PeerDenied, PeerMissing, PeerRefused, ReplicationError, Trouble
from sync.replicator.request import Endpoint, Replication

T = TypeVar("T")
JSON: Final = {"content-type": "application/json"}
BEAT: Final = 10_000
"""Milliseconds between the signs of life that a source is asked for."""
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be others the next time."""
ANSWER: Final = 1 << 30
"""Bytes of an answer beyond which it is not read on."""

log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer in JSON, with one of the statuses that were expected."""

    status: int
    text: bytes


class Peer:
    """The database at ``endpoint``. ``client`` is this peer's alone; ``root`` is where its databases by name are."""

    def __init__(
        self, client: httpx.AsyncClient, endpoint: Endpoint, root: str, pace: pacing.Pacing, retries: int
    ) -> None:
        self._client: Final = client
        self._url: Final = endpoint.url or f"{root}/{quote(endpoint.name or '', safe='')}"
        self._shown: Final = endpoint.shown
        self._pace: Final = pace
        self._retries: Final = retries
        self._bulk_get = True
        self._multipart = True

    # -- the database ------------------------------------------------------------------------------------------------

    async def info(self) -> Info:
        """Return what it says of itself. Raises ``PeerMissing``, ``PeerDenied``."""
        try:
            return await self._ask("GET", "", _info)
        except PeerRefused as error:
            if error.status == 404:  # noqa: PLR2004
                raise PeerMissing(f"could not open {self._shown}") from error
            raise

    async def create(self) -> None:
        """Make it where it is missing."""
        await self._ask("PUT", "", _status, expect=(201, 202, 412))

    # -- checkpoints -------------------------------------------------------------------------------------------------

    async def log(self, id_: str) -> dict[str, Any]:
        """Return the checkpoint document, empty when there is none."""

        def read(reply: Reply) -> dict[str, Any]:
            told: dict[str, Any] = answers.decode(answers.OBJECT, reply.text, "checkpoint")
            if reply.status == 404:  # noqa: PLR2004
                return {}
            if told.get("_id") != f"_local/{id_}":
                raise Trouble("the answer is another document than the checkpoint")
            return told

        return await self._ask("GET", f"/_local/{id_}", read, expect=(200, 404))

    async def save_log(self, id_: str, log_: Mapping[str, Any], rev: str | None) -> str:
        """Store the checkpoint document over ``rev``; return its new revision.

        A ``409`` may be the echo of our own request, or another's: what is there is then replaced, once it was read.
        """
        for _ in range(1 + self._retries):
            body = orjson.dumps({**log_, **({} if rev is None else {"_rev": rev})})
            saved = await self._ask("PUT", f"/_local/{id_}", _saved, content=body, expect=(200, 201, 202, 409))
            if saved is not None:
                return saved
            now = await self.log(id_)
            rev = now.get("_rev")
            if now.get("session_id") == log_["session_id"] and now.get("history") == log_["history"]:
                return str(rev)
        raise Trouble("somebody else keeps writing this checkpoint")

    async def commit(self) -> None:
        """Have it on disk; servers without such a request have that anyway."""
        await self._ask("POST", "/_ensure_full_commit", _status, content=b"{}", expect=(200, 201, 202, 404, 405, 501))

    # -- as a source -------------------------------------------------------------------------------------------------

    async def changes(self, replication: Replication, since: Any, *, limit: int, wait: bool) -> Page:
        """Return changes after ``since``; with ``wait``, when there are some or the source's patience ends."""
        asked: dict[str, Any] = {"style": "main_only" if replication.winning_revs_only else "all_docs"}
        asked |= {"limit": limit, "since": since if isinstance(since, str) else orjson.dumps(since).decode()}
        if wait:
            asked |= {"feed": "longpoll", "heartbeat": BEAT}
        body: dict[str, Any] | None = None
        if replication.doc_ids is not None:
            asked["filter"], body = "_doc_ids", {"doc_ids": list(replication.doc_ids)}
        elif replication.selector is not None:
            asked["filter"], body = "_selector", {"selector": dict(replication.selector)}
        elif replication.filter is not None:
            asked = {**replication.query_params, **asked, "filter": replication.filter}
        path = f"/_changes?{urlencode(asked)}"
        if body is None:
            return await self._ask("GET", path, _page)
        return await self._ask("POST", path, _page, content=orjson.dumps(body))

    async def fetch(self, asked: Sequence[Asked]) -> tuple[list[tuple[Head, bytes]], list[Asked]]:
        """Return the revisions asked for, or such as replaced them, and those that the source says it does not hold."""
        found: list[tuple[Head, bytes]] = []
        left = list(asked)
        if self._bulk_get:
            found, left = await self._fetch_many(asked)
        gone: list[Asked] = []
        by_id: dict[str, list[str]] = {}
        for id_, rev in left:
            by_id.setdefault(id_, []).append(rev)
        for id_, revs in by_id.items():
            more, missing = await self._fetch_one(id_, revs)
            found += more
            gone += [(id_, rev) for rev in missing]
        return list({(head.id, head.rev): (head, text) for head, text in found}.values()), gone

    async def _fetch_many(self, asked: Sequence[Asked]) -> tuple[list[tuple[Head, bytes]], list[Asked]]:
        body = orjson.dumps({"docs": [{"id": id_, "rev": rev} for id_, rev in asked]})
        path = "/_bulk_get?revs=true&latest=true&attachments=false"

        def read(reply: Reply) -> tuple[list[tuple[Head, bytes]], list[Asked]] | None:
            return answers.bulk(reply.text, asked) if reply.status == 200 else None  # noqa: PLR2004

        told = await self._ask("POST", path, read, content=body, expect=(200, 400, 404, 405, 501))
        if told is None:
            self._bulk_get = False
            return [], list(asked)
        return told

    async def _fetch_one(self, id_: str, revs: list[str]) -> tuple[list[tuple[Head, bytes]], list[str]]:
        query = urlencode({"revs": "true", "latest": "true", "open_revs": orjson.dumps(revs).decode()})

        def read(reply: Reply) -> tuple[list[tuple[Head, bytes]], list[str]]:
            return ([], revs) if reply.status == 404 else answers.leaves(reply.text, id_, revs)  # noqa: PLR2004

        return await self._ask("GET", f"/{path(id_)}?{query}", read, expect=(200, 404))

    async def attachment(self, id_: str, rev: str, name: str, stub: Stub) -> Fetched:
        """Return an attachment's content, compared with what the document says of it."""
        url = f"{self._url}/{path(id_)}/{quote(name, safe='')}?rev={quote(rev, safe='')}"

        async def once() -> Fetched:
            async with self._client.stream("GET", url, headers={"accept-encoding": "identity"}) as response:
                if response.status_code != 200:  # noqa: PLR2004
                    await self._refuse(response)
                content = Fetching(name, stub)
                try:
                    async for piece in response.aiter_raw():
                        content.write(piece)
                    return content.done()
                except BaseException:
                    content.close()
                    raise

        try:
            return await self._again(once)
        except PeerRefused as error:
            raise Trouble(f"the source does not give an attachment that it told of: {error.error}") from error

    # -- as a target -------------------------------------------------------------------------------------------------

    async def diff(self, revs: Mapping[str, list[str]]) -> dict[str, Missing]:
        """Return what it lacks of these."""
        return await self._ask(
            "POST", "/_revs_diff", lambda reply: answers.diff(reply.text, revs), content=orjson.dumps(revs)
        )

    async def store(self, documents: Sequence[Document], *, big: int) -> list[Failure]:
        """Give it these; return what it says of those that it did not take. Raises ``PeerRefused`` for all of them."""
        only = documents[0] if len(documents) == 1 else None
        if only is not None and only.blobs and only.weight > big and self._multipart:
            try:
                return await self._store_parts(only)
            except PeerRefused as error:
                if error.status not in {400, 405, 415, 501}:
                    raise
                self._multipart = False
        body = await asyncio.to_thread(_bulk, documents)
        return await self._ask("POST", "/_bulk_docs", _failures, content=body, expect=(201, 202))

    async def _store_parts(self, document: Document) -> list[Failure]:
        parts = document.multipart()

        async def pieces() -> AsyncIterator[bytes]:
            for piece in parts.chunks():
                yield piece

        url = f"/{path(document.id)}?new_edits=false"
        try:
            await self._ask("PUT", url, _status, make=pieces, headers=parts.headers, expect=(200, 201, 202))
        except PeerDenied as error:
            if error.status == 401:  # noqa: PLR2004
                raise
            return [Failure(document.id, document.rev, "forbidden", reason=error.reason)]
        return []

    # ----------------------------------------------------------------------------------------------------------------

    async def _ask(
        self,
        method: str,
        path_: str,
        read: Callable[[Reply], T],
        *,
        content: bytes | None = None,
        make: Callable[[], AsyncIterator[bytes]] | None = None,
        headers: Mapping[str, str] = JSON,
        expect: Collection[int] = (200,),
    ) -> T:
        """Ask until the answer is whole, of a status that is no passing one, JSON and such that ``read`` can read it.

        Raises ``PeerRefused`` for a status that is not expected, ``PeerDenied``, and ``Trouble`` after all tries.
        """

        async def once() -> T:
            body = content if make is None else make()
            sent = {"accept": "application/json", **(headers if body is not None else {})}
            async with self._client.stream(method, self._url + path_, content=body, headers=sent) as response:
                if response.status_code not in expect:
                    await self._refuse(response)
                text = await _whole(response)
                _check_json(response, text)
                return read(Reply(response.status_code, text))

        return await self._again(once)

    async def _again(self, once: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            try:
                return await once()
            except Trouble as error:
                trouble = error
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
                trouble = Trouble(f"{self._shown}: {type(error).__name__}")
            attempt += 1
            if attempt > self._retries:
                raise trouble
            log.debug("replication request repeated: %s", trouble.reason)
            await asyncio.sleep(self._pace.wait(attempt, trouble.retry_after))

    async def _refuse(self, response: httpx.Response) -> None:
        """Raise what an answer with an unexpected status means. It means nothing unless it is the peer's own."""
        status = response.status_code
        if status in PASSING:
            wait = pacing.retry_after(response.headers.get("retry-after"), datetime.now(UTC))
            raise Trouble(f"{self._shown} answered {status}", retry_after=wait)
        text = await _whole(response)
        if status == 413 and not text.startswith(b"{"):  # noqa: PLR2004  a proxy's bound counts as much as the peer's
            raise PeerRefused(status, "too_large", "the request is too large")
        _check_json(response, text)
        denial = answers.decode(answers.DENIAL, text, "error")
        if status in {401, 403}:
            raise PeerDenied(status, f"not allowed to open {self._shown}: {denial.reason or denial.error}")
        raise PeerRefused(status, denial.error, f"{self._shown} answered {status}: {denial.reason or denial.error}")


def _status(reply: Reply) -> int:
    return reply.status


def _info(reply: Reply) -> Info:
    told: Info = answers.decode(answers.INFO, reply.text, "database")
    return told


def _page(reply: Reply) -> Page:
    told: Page = answers.decode(answers.PAGE, reply.text, "_changes")
    return told


def _failures(reply: Reply) -> list[Failure]:
    told: list[Failure] = answers.decode(answers.FAILURES, reply.text, "_bulk_docs")
    return told


def _saved(reply: Reply) -> str | None:
    """Return the new revision of a checkpoint; ``None`` when there was another one already."""
    told = answers.decode(answers.OBJECT, reply.text, "answer to a checkpoint")
    if reply.status == 409:  # noqa: PLR2004
        return None
    if not isinstance(told.get("rev"), str):
        raise Trouble("the answer to a checkpoint names no revision")
    return str(told["rev"])


def path(id_: str) -> str:
    """Return a document's id as a path."""
    if id_.startswith("_design/"):
        return "_design/" + quote(id_.removeprefix("_design/"), safe="")
    return quote(id_, safe="")


async def _whole(response: httpx.Response) -> bytes:
    pieces, length = [], 0
    async for piece in response.aiter_bytes():
        length += len(piece)
        if length > ANSWER:
            raise ReplicationError("an answer is larger than this server can take")
        pieces.append(piece)
    return b"".join(pieces)


def _check_json(response: httpx.Response, text: bytes) -> None:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Trouble(
            f"the answer ({response.status_code}) is {kind or 'of no type'} and not JSON: a proxy's, not the peer's"
        )
    if not text.strip():
        raise Trouble("the answer is empty")


def _bulk(documents: Sequence[Document]) -> bytes:
    return b'{"new_edits":false,"docs":[' + b",".join([document.inline() for document in documents]) + b"]}"
