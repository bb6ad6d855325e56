"""Every setting, as the models declare them."""

import json
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any, Final

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from server.reference.table import table
from server.settings import Settings

ROOT: Final = Path(__file__).parent.parent.parent
_SIGNS: Final = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}


def settings() -> str:
    """Return one table of all settings, in the order of the models."""
    prefix = str(Settings.model_config["env_prefix"])
    return table(("variable", "default", "what it sets"), _rows(Settings, prefix))


def _rows(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    nested: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            nested.append((f"{prefix}{name.upper()}__", kind))
        else:
            meaning = f"{field.description}{_bounds(field)}"
            yield f"`{prefix}{name.upper()}`", _default(field), meaning
    for below, kind in nested:
        yield from _rows(kind, below)


def _bounds(field: FieldInfo) -> str:
    told = []
    for each in field.metadata:
        sign = _SIGNS.get(type(each))
        if sign is not None:
            told.append(f"{sign[0]} {getattr(each, sign[1])}")
        if getattr(each, "pattern", None):
            told.append(f"one of {each.pattern.strip('^$()').replace('|', ', ')}")
    return f" ({'; '.join(told)})" if told else ""


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}` of the program" if value.is_absolute() else f"`./{value}`"
    if isinstance(value, time):
        return f"`{value:%H:%M}`"
    return "" if value == "" else f"`{json.dumps(value, ensure_ascii=False).strip(chr(34))}`"
