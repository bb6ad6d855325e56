"""JSON Schemas of the documents as they travel: what the phone's TypeScript types are generated from."""

from typing import Any

from server.documents.metadata import DataClass, Merge, Personal, carried
from server.documents.registry import TYPES
from server.photos.schemas import ATTACHMENT

_ENVELOPE: dict[str, Any] = {
    "_rev": {"type": "string", "description": "版本"},
    "_deleted": {"type": "boolean", "description": "已删除"},
    "_attachments": {
        "type": "object",
        "description": f"附件（照片只有一个：{ATTACHMENT}）",
        "additionalProperties": {"type": "object", "additionalProperties": True},
    },
}


def schemas() -> dict[str, Any]:
    """Return one JSON Schema (2020-12) whose ``$defs`` are the documents by model name; ``anyOf`` lists them all.

    Fields about residents carry ``x-personal`` (their data class), fields with a merge policy ``x-merge``.
    """
    documents = {model.__name__: _schema(name) for name, model in TYPES.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "AnyDocument",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in documents],
        "$defs": documents,
    }


def _schema(name: str) -> dict[str, Any]:
    model = TYPES[name]
    schema = model.model_json_schema()
    for field in schema["properties"].values():
        field.pop("title", None)
    for field, personal in carried(model, Personal):
        schema["properties"][field]["x-personal"] = DataClass(personal.kind).value
    for field, merge in carried(model, Merge):
        schema["properties"][field]["x-merge"] = merge.policy.value
    key = {"type": "string", "description": "编号", "pattern": f"^{name}:{model.KEY}$"}
    schema["properties"] = {"_id": key, **_ENVELOPE, **schema["properties"]}
    schema["required"] = ["_id", *schema["required"]]
    schema["title"] = model.__name__
    return schema
