"""Errors as CouchDB answers them: a status, and ``{"error", "reason"}``."""

import logging
from collections.abc import Mapping
from typing import Final

from sync import errors
from sync.errors import SyncError
from sync.http.wire import Answer, json_answer

log: Final = logging.getLogger(__name__)

TABLE: Final[Mapping[type[SyncError], tuple[int, str]]] = {
    errors.BadRequest: (400, "bad_request"),
    errors.BadDatabaseName: (400, "illegal_database_name"),
    errors.DatabaseNameTooLong: (400, "database_name_too_long"),
    errors.BadDocumentId: (400, "illegal_docid"),
    errors.BadDocument: (400, "doc_validation"),
    errors.BadQuery: (400, "query_parse_error"),
    errors.Unauthorized: (401, "unauthorized"),
    errors.Forbidden: (403, "forbidden"),
    errors.NotFound: (404, "not_found"),
    errors.MethodNotAllowed: (405, "method_not_allowed"),
    errors.NotAcceptable: (406, "not_acceptable"),
    errors.Conflict: (409, "conflict"),
    errors.DatabaseExists: (412, "file_exists"),
    errors.MissingStub: (412, "missing_stub"),
    errors.PullFirst: (412, "pull_first"),
    errors.TooLarge: (413, "too_large"),
    errors.DocumentTooLarge: (413, "document_too_large"),
    errors.AttachmentTooLarge: (413, "attachment_too_large"),
    errors.DigestMismatch: (400, "content_md5_mismatch"),
    errors.RangeNotSatisfiable: (416, "requested_range_not_satisfiable"),
    errors.BadContentType: (415, "bad_content_type"),
    errors.TooManyRequests: (429, "too_many_requests"),
    errors.NotOffered: (501, "not_implemented"),
    errors.ComeBackLater: (503, "service_unavailable"),
}
UNEXPECTED: Final = (500, "internal_server_error")


def of(error: SyncError) -> tuple[int, str]:
    """Return the status and CouchDB's word for ``error``."""
    if isinstance(error, errors.BadFind):
        return 400, error.word
    return next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), UNEXPECTED)


def answer(error: Exception) -> Answer:
    """Return what to answer. What is none of ours is logged, and told as nothing but a failure of the server."""
    if not isinstance(error, SyncError):
        log.error("replication request failed", exc_info=error)
        return json_answer({"error": UNEXPECTED[1], "reason": "The server failed; nothing was stored."}, UNEXPECTED[0])
    status, word = of(error)
    told = json_answer({"error": word, "reason": error.reason}, status)
    if isinstance(error, errors.ComeBackLater):
        told.headers["retry-after"] = str(error.retry_after)
    if isinstance(error, errors.MethodNotAllowed):
        told.headers["allow"] = ",".join(error.allowed)
    return told
