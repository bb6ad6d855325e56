"""Errors as the API answers them: problem details (RFC 9457) in Chinese. Only this module knows both sides."""

from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from server import errors
from server.accounts.policy import Who
from server.logs import where
from server.validation import messages

JSON: Final = "application/problem+json"

STATUS: Final[dict[type[errors.BaijiamenError], int]] = {
    errors.NotFound: 404,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.Invalid: 422,
    errors.TooManyRequests: 429,
}

TITLES: Final = {
    400: "请求看不懂",
    401: "需要登录",
    403: "没有权限",
    404: "没有找到",
    405: "不支持这种操作",
    409: "内容有冲突",
    413: "内容太大",
    415: "格式不支持",
    422: "填写有误",
    429: "操作太频繁",
    500: "服务器出错",
    503: "服务暂时不可用",
}

DETAILS: Final = {
    400: "发来的内容不完整或格式不对，请刷新页面后再试。",
    404: errors.NotFound.default,
    405: "这个地址不支持这种操作，请刷新页面后再试。",
    413: "内容太大了，请减少内容或分几次提交。",
    415: "内容的格式不支持，请更新应用后再试。",
    503: "服务正忙，您的记录没有丢，稍后会自动重试。",
}

_log: Final = structlog.get_logger("server.problems")


def problem(status: int, detail: str | None = None, fields: list[dict[str, str]] | None = None) -> Response[Any]:
    """Return an answer ``{type, title, status, detail}``, and ``errors: [{field, message}]`` with ``fields``."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, TITLES[500 if status >= 500 else 400]),  # noqa: PLR2004
        "status": status,
        "detail": detail or DETAILS.get(status, errors.BaijiamenError.default),
    }
    if fields:
        body["errors"] = fields
    return Response(content=body, status_code=status, media_type=JSON)


def _ours(request: Request[Any, Any, Any], error: errors.BaijiamenError) -> Response[Any]:
    if request.route_handler.opt.get("who") is Who.GATEKEEPER:  # replication's clients know no problem details
        kind = "unauthorized" if isinstance(error, errors.Unauthorized) else "forbidden"
        return Response({"error": kind, "reason": error.message}, status_code=STATUS.get(type(error), 403))
    if isinstance(error, errors.Invalid):
        fields = [{"field": error.field, "message": error.message}] if error.field else None
        return problem(422, error.message, fields)
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    answer = problem(status, error.message)
    if isinstance(error, errors.TooManyRequests):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _validation(_request: Request[Any, Any, Any], error: ValidationException) -> Response[Any]:
    """Answer 422 with one message per field; a body that is no JSON at all never gets here: that is 400."""
    fields = messages(error.extra if isinstance(error.extra, list) else [])
    return problem(422, errors.Invalid.default, fields)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if error.status_code == 500:  # noqa: PLR2004  the framework's own word for what nobody foresaw
        return _unexpected(request, error)
    answer = problem(error.status_code)
    answer.headers.update({k: v for k, v in (error.headers or {}).items() if k.lower() in {"allow", "retry-after"}})
    return answer


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer 500. The log says which kind of error and where, not its text: that may quote a person's data."""
    request_id = request.scope["state"].get("request_id")
    cause = error.__cause__ if isinstance(error, HTTPException) and error.__cause__ is not None else error
    _log.error("unexpected", kind=type(cause).__name__, where=where(cause), request_id=request_id)
    return problem(500, "服务器出错了，已记录下来。您的记录没有丢，请稍后再试。")


handlers: Final[ExceptionHandlersMap] = {
    errors.BaijiamenError: _ours,
    ValidationException: _validation,
    HTTPException: _http,
    Exception: _unexpected,
}
