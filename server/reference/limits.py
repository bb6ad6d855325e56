"""Every limit that a user, a phone or an operator can run into, with the value that the code has."""

from collections.abc import Sequence
from typing import Final

from server import doctor, gate, health
from server.accounts import passwords
from server.accounts import service as accounts
from server.areas import service as areas
from server.channels import trials, web_push
from server.documents import fields, judgement, validation
from server.followups import policy as followups
from server.live import controllers as live
from server.photos import schemas as photos
from server.photos import thumbnail
from server.reference.table import table
from server.refusals import repository as refusals
from server.register import header, reading
from server.register import service as register
from server.visits import service as visits
from sync import feed
from sync.http import changes
from sync.limits import Limits
from sync.store import database

_SYNC: Final = Limits()
_MIB: Final = 1024 * 1024


def _mib(size: int) -> str:
    return f"{size // _MIB} MiB"


ROWS: Final[Sequence[tuple[str, str, str]]] = (
    ("body of one JSON request under `/sync`, inline attachments included", _mib(_SYNC.body), "413 `too_large`"),
    ("one document as JSON text, in any database", _mib(_SYNC.document), "413 `document_too_large`"),
    ("one document of an area", f"{validation.MAX_BYTES:,} bytes", "`forbidden`, 「整条记录」(_doc)太大"),
    ("one attachment, in a plain database", _mib(_SYNC.attachment), "413 `attachment_too_large`"),
    ("one photo", f"{photos.MAX_BYTES:,} bytes, JPEG", "`forbidden`; the phone shrinks to 200 kB"),
    ("documents, ids or keys in one bulk request", f"{_SYNC.bulk:,}", "413 `too_large`"),
    ("revisions of one document in one bulk request", f"{_SYNC.same:,}", "413 `too_large`"),
    ("attachments in one JSON answer of an area", _mib(_SYNC.inlined), "413 `too_large`"),
    ("the body of a log-in at `/sync/_session`", f"{_SYNC.form // 1024} KiB", "413 `too_large`"),
    ("a document's id", f"{_SYNC.id_length} bytes", "400 `illegal_docid`"),
    ("revisions in one `_revisions`", f"{_SYNC.path:,}", "413 `too_large`"),
    ("revisions kept of each line of a document", "1,000 (`_revs_limit`)", "older ones are stemmed"),
    ("`_uuids` at once", f"{_SYNC.uuids:,}", "400 `bad_request`"),
    ("change feeds that wait at the same time", f"{_SYNC.feeds:,} a process", "503 with `Retry-After: 5`"),
    ("change feeds of one account", f"{_SYNC.feeds_each:,} a process", "503 with `Retry-After: 5`"),
    ("a long poll", f"{_SYNC.poll_seconds:g} s", "answers with what there is: nothing"),
    ("a continuous or event-source feed", f"{changes.CONTINUOUS_SECONDS:g} s", "ends with `last_seq`; come back"),
    ("the quickest heartbeat", f"{_SYNC.heartbeat_least:g} s", "a quicker one becomes this one"),
    ("changes that a feed reads at a time", f"{feed.PAGE}", "nothing to see: pages follow"),
    ("how far ahead a clock may be", f"{judgement.AHEAD.total_seconds() / 3600:g} h", "`forbidden`, 「记录时间」"),
    ("the earliest year of a record", f"{fields.EARLIEST}", "`forbidden`, 「记录时间」"),
    ("how far ahead a follow-up may be", f"{followups.LONGEST.days // 365} years", "`forbidden`, 「回访日期」"),
    ("refused documents kept for one account", f"{refusals.MOST}", "the oldest settled ones go first"),
    ("fields that one refusal names", f"{validation.MOST_REASONS}", "the rest shows when these are mended"),
    ("a log-in name", f"2–{accounts.NAME_MOST} characters", "422"),
    ("a displayed name", f"{accounts.DISPLAY_MOST} characters", "422"),
    ("a password", f"{passwords.LEAST}–{passwords.MOST} characters", "422"),
    ("the name of an area; its id", f"{areas.NAME_MOST}; 64 characters", "422"),
    ("passwords that basic authentication remembers", f"{gate.REMEMBERED:,}", "the longest unused is forgotten"),
    ("visits of one household shown beside a visit", f"{visits.HISTORY}", "the newest"),
    ("words in one search of visits", f"{visits.MOST_WORDS}", "further words are ignored"),
    ("a stream of live updates; between signs of life", f"{live.LIFETIME:g} s; {live.HEARTBEAT:g} s", "it reconnects"),
    ("the largest photo made into a thumbnail", f"{thumbnail.PIXELS_LIMIT:,} pixels", "404"),
    (
        "test messages of one account, pushes and addresses together",
        f"{trials.MOST} in {trials.WITHIN.total_seconds() / 60:g} min",
        "429 with `Retry-After`",
    ),
    ("a push message waits at the push service", f"{web_push.TTL // 3600} h", "then it is dropped there"),
    ("a register to import", _mib(reading.BIGGEST), "split it by community"),
    ("columns of a register", f"{reading.WIDEST}", "further ones are not read"),
    ("rows above a register's header", f"{header.DEPTH}", "it is not found further down"),
    ("households that an import writes in one transaction", f"{register.BATCH:,}", "phones go on in between"),
    ("how long a writer waits for another process's", f"{database.BUSY_SECONDS:g} s", "500 or 503, nothing stored"),
    ("free disk below which `/readyz` says no", _mib(health.LEAST_FREE), "503"),
    ("free disk below which `doctor` complains", _mib(doctor.ROOM), "✗"),
)  # fmt: skip


def limits() -> str:
    """Return the table of limits."""
    return table(("what", "limit", "beyond it"), ROWS)
