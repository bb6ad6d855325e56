"""Validation errors of request bodies and parameters, said in Chinese."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

LABELS: Final = {
    "name": "登录名",
    "display_name": "姓名",
    "password": "密码",
    "old": "原密码",
    "new": "新密码",
    "token": "链接",
    "role": "角色",
    "area": "区域",
    "kind": "级别",
    "parent": "上级",
    "rev": "版本",
    "note": "意见",
    "from": "开始日期",
    "to": "结束日期",
    "limit": "条数",
    "cursor": "翻页位置",
    "state": "状态",
    "outcome": "结果",
    "endpoint": "推送地址",
}
"""What users call the fields; a field without a label is shown by its own name."""

_RULES: Final = (
    ("Field required", "必须填写"),
    ("missing required", "必须填写"),
    ("valid string", "应是文字"),
    ("valid integer", "应是整数"),
    ("valid boolean", "应是「是」或「否」"),
    ("valid list", "应是列表"),
    ("valid date", "应是日期，如 2026-11-22"),
    ("at least", "太短或太小"),
    ("at most", "太长或太大"),
    ("greater than", "太小"),
    ("less than", "太大"),
    ("should match pattern", "写法不对"),
    ("Input should be '", "不是可选的值"),
    ("not permitted", "不应该出现"),
)


def messages(extra: Iterable[Any]) -> list[dict[str, str]]:
    """Return ``[{field, message}]`` for what the framework found: ``[{"message", "key", …}]``."""
    return [_message(each) for each in extra if isinstance(each, Mapping)]


def _message(each: Mapping[str, Any]) -> dict[str, str]:
    field = str(each.get("key", ""))
    said = str(each.get("message", ""))
    rule = next((chinese for english, chinese in _RULES if english in said), "不对")
    label = LABELS.get(field.rsplit(".", 1)[-1], field) or "内容"
    return {"field": field, "message": f"「{label}」{rule}，请检查后再提交。"}
