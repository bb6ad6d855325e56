"""From a document to the sentences that say what is wrong with it.

Each names the field, by its label and its code name, and how to mend it. The visitor reads them in the outbox.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from server.documents.metadata import Label, carried
from server.documents.registry import TYPES
from server.households.schemas import MARKS
from server.visits.schemas import OUTCOMES

MAX_BYTES: Final = 32_000
"""Largest document as JSON text. A visit with every field full is about 12 kB; the rest is for fields yet unknown."""
DEEPEST: Final = 20
"""Most levels of lists and objects inside each other. What is told on as JSON must be written again: at some 250 levels
that fails, and so would every answer that holds the document."""
MOST_REASONS: Final = 3
"""Most fields that one reason names; a document with more wrong with it was not made by hand."""

CHOICES: Final[Mapping[str, str]] = {
    **OUTCOMES,
    **MARKS,
    "yes": "同意",
    "no": "不同意",
    "unknown": "未知",
    "register": "户册",
    "visit": "走访",
    "open": "待办",
    "done": "已完成",
    "cancelled": "已取消",
    "approved": "通过",
    "returned": "退回",
}
"""What users call the values that a field may choose from."""

_LABELS: Final = {name: dict(carried(model, Label)) for name, model in TYPES.items()}

_WRONG: Final[Mapping[str, str]] = {
    "missing": "没有填",
    "string_too_short": "是空的：请填写",
    "string_type": "应是文字",
    "int_type": "应是整数",
    "bool_type": "应是“是”或“否”",
    "list_type": "应是一列",
    "string_pattern_mismatch": "格式不对",
}


def told(kind: str, field: str, what: str) -> str:
    """Return a reason about ``field`` of a document of type ``kind``: ``「结果」(outcome)…：…``.

    ``what`` says what is wrong; when it has no "：" of its own, the field's label says how to mend it.
    """
    label = _LABELS[kind].get(field, Label(field))
    return f"「{label.text}」({field}){what}" if "：" in what else f"「{label.text}」({field}){what}：{label.mend}"


def faults(kind: str, body: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the fields of a live document of the known type ``kind``; nothing when it is good."""
    too_big = oversize(body)
    if too_big:
        return [too_big]
    try:
        TYPES[kind].model_validate(dict(body))
    except ValidationError as error:
        reasons = [_reason(kind, detail) for detail in error.errors(include_url=False, include_input=True)]
        return list(dict.fromkeys(reasons))[:MOST_REASONS]
    return []


def is_deep(body: Mapping[str, Any]) -> bool:
    """Return whether ``body`` has more than :data:`DEEPEST` levels."""
    level: list[Any] = [body]
    for _ in range(DEEPEST):
        inside = [each.values() if isinstance(each, Mapping) else each for each in level]
        level = [value for values in inside for value in values if isinstance(value, dict | list)]
        if not level:
            return False
    return True


def oversize(body: Mapping[str, Any]) -> str | None:
    """Return the reason why ``body`` is too large to be kept, or ``None``."""
    if is_deep(body):
        return f"「整条记录」(_doc)层次太多：最多 {DEEPEST} 层，请更新应用后重新保存"
    try:
        size = len(orjson.dumps(body))
    except (TypeError, ValueError):  # integers beyond 64 bits, lone surrogates: rare, and Python's own way takes them
        size = len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    return f"「整条记录」(_doc)太大：最多 {MAX_BYTES} 字节，现在 {size} 字节，请删短文字" if size > MAX_BYTES else None


def _reason(kind: str, detail: ErrorDetails) -> str:
    field = str(detail["loc"][0]) if detail["loc"] else "note"  # the one model-wide rule is about the review's note
    place = f"第 {detail['loc'][1] + 1} 项" if len(detail["loc"]) > 1 and isinstance(detail["loc"][1], int) else ""
    return told(kind, field, place + _what(kind, field, detail))


def _what(kind: str, field: str, detail: ErrorDetails) -> str:
    ctx: Mapping[str, Any] = detail.get("ctx") or {}
    value = detail["input"]
    # Each kind of error that has figures to tell, then those that are plain words.
    sentences: Mapping[str, Callable[[], str]] = {
        "literal_error": lambda: _choices(TYPES[kind], field),
        "string_too_long": lambda: f"太长：最多 {ctx['max_length']} 个字，现在 {len(value)} 个，请删短",
        "too_long": lambda: f"太多：最多 {ctx['max_length']} 项，现在 {len(value)} 项，请减少",
        "greater_than_equal": lambda: f"太小：不能小于 {ctx['ge']}，请改正",
        "less_than_equal": lambda: f"太大：不能大于 {ctx['le']}，请改正",
        **dict.fromkeys(("unprintable", "instant", "day", "note"), lambda: f"不对：{detail['msg']}"),
    }
    sentence = sentences.get(detail["type"])
    return _WRONG.get(detail["type"], "不对") if sentence is None else sentence()


def _choices(model: type[BaseModel], field: str) -> str:
    values = _literals(model.model_fields[field].annotation)
    if not any(isinstance(value, str) and value in CHOICES for value in values):
        return "不对"
    return "不对：应是 " + "、".join(f"{value}（{CHOICES.get(value, value)}）" for value in values) + " 之一"


def _literals(annotation: Any) -> list[Any]:
    found: list[Any] = []
    for argument in get_args(annotation):
        found += _literals(argument) if get_args(argument) else [argument]
    return [value for value in found if value is not type(None) and not isinstance(value, type)]
