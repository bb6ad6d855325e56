"""The fields of each document type, as the models declare them."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import AfterValidator, BaseModel

from server.documents.json_schema import schemas
from server.documents.metadata import Label, carried
from server.documents.registry import TYPES
from server.reference.table import table

_COMMON: Final = frozenset({"type", "area", "by", "at", "v"})
_ENVELOPE: Final = frozenset({"_rev", "_deleted", "_attachments"})
_PERSONAL: Final[Mapping[str, str]] = {
    "identity": "who somebody is",
    "contact": "how to reach them",
    "place": "where they live",
    "sensitive": "health, hardship, what was met at the door (敏感个人信息)",
    "free_text": "anything that somebody wrote",
    "image": "a picture: the attachment of a photo",
}
_CHECKED: Final[Mapping[str, str]] = {"_instant": "ISO 8601 time with zone", "_day": "`YYYY-MM-DD`"}
"""What the validators of shared kinds of text ask for; a JSON Schema does not say it."""
_MERGES: Final[Mapping[str, str]] = {"winner": "winner", "union": "unite", "forward": "forward", "ask": "ask"}


def of_type(kind: str) -> str:
    """Return the table of the fields of ``kind`` that not every document has."""
    model = TYPES[kind]
    schema = schemas()["$defs"][model.__name__]
    labels = dict(carried(model, Label))
    rows = [
        _row(
            name,
            field,
            label=labels[name].text if name in labels else "编号",
            value=_kind(model, name) or _value(field),
            required=name in schema["required"],
        )
        for name, field in schema["properties"].items()
        if name not in _COMMON | _ENVELOPE
    ]
    return table(("field", "中文", "value", "needed", "personal data", "merge"), rows)


def common() -> str:
    """Return the table of the fields that every document has."""
    model = next(iter(TYPES.values()))
    schema = schemas()["$defs"][model.__name__]
    labels = dict(carried(model, Label))
    rows = []
    for name in ("type", "area", "by", "at", "v"):
        value = "the type's name" if name == "type" else _kind(model, name) or _value(schema["properties"][name])
        rows.append((f"`{name}`", labels[name].text, value))
    return table(("field", "中文", "value"), rows)


def classes() -> str:
    """Return the table of personal-data classes and the fields in each."""
    found: dict[str, list[str]] = {name: [] for name in _PERSONAL}
    for kind, model in TYPES.items():
        for name, field in schemas()["$defs"][model.__name__]["properties"].items():
            if "x-personal" in field:
                found[field["x-personal"]].append(f"`{kind}.{name}`")
    rows = [(f"`{name}`", _PERSONAL[name], ", ".join(fields) or "–") for name, fields in found.items()]
    return table(("class", "says", "fields"), rows)


def _row(name: str, field: Mapping[str, Any], *, label: str, value: str, required: bool) -> tuple[str, ...]:
    return (
        f"`{name}`",
        label,
        value,
        "yes" if required else "",
        str(field.get("x-personal", "")),
        _MERGES.get(str(field.get("x-merge", "")), ""),
    )


def _kind(model: type[BaseModel], name: str) -> str | None:
    """Return what the field's validators ask for, where they are of a shared kind."""
    if name not in model.model_fields:
        return None
    info = model.model_fields[name]
    inner = [item for each in get_args(info.annotation) for item in getattr(each, "__metadata__", ())]
    named = [item.func.__name__ for item in (*info.metadata, *inner) if isinstance(item, AfterValidator)]
    return next((_CHECKED[each] for each in named if each in _CHECKED), None)


def _value(field: Mapping[str, Any]) -> str:
    alternatives = [each for each in field.get("anyOf", [field]) if each.get("type") != "null"]
    return " or ".join(_one(each) for each in alternatives)


def _one(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list of {_one(schema['items'])}, at most {schema['maxItems']}"
        case "integer":
            return f"{schema['minimum']} to {schema['maximum']}"
        case "boolean":
            return "true or false"
        case "string":
            return _text(schema)
        case other:
            raise ValueError(other)


def _text(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    length = "" if most is None else f"{least}–{most} characters" if least else f"at most {most} characters"
    pattern = f"`{schema['pattern']}`" if "pattern" in schema else ""
    return ", ".join(filter(None, (pattern, length))) or "text"
