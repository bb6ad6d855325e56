"""What a field of a document carries beside its type: its name for people, its personal-data class, its merge policy.

They stand in ``Annotated[...]`` of the pydantic models; nothing else decides any of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic_core import CoreSchema

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Label:
    """The field's name as a user sees it, and what to write there (ends a refusal's reason: how to mend it)."""

    text: str
    mend: str = "请改正后再上传"

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Give the label to the JSON Schema as a description, hence to the generated TypeScript as a comment."""
        schema = handler(core)
        schema["description"] = self.text
        return schema


class DataClass(StrEnum):
    """The kinds of personal data that are told apart (个人信息保护法: sensitive data has rules of its own)."""

    IDENTITY = "identity"
    CONTACT = "contact"
    PLACE = "place"
    SENSITIVE = "sensitive"
    FREE_TEXT = "free_text"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Personal:
    """The field says something about a resident; who may see it and when it is erased follow from its class."""

    kind: DataClass


class Policy(StrEnum):
    """How two edits of one field that nobody saw together become one."""

    WINNER = "winner"
    UNION = "union"
    FORWARD = "forward"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Merge:
    """The field's merge policy; ``order`` is the declared order of states for :attr:`Policy.FORWARD`."""

    policy: Policy
    order: tuple[str, ...] = ()


def carried(model: type[BaseModel], kind: type[T]) -> Iterator[tuple[str, T]]:
    """Yield (field name, metadata) for each field of ``model`` that carries metadata of the class ``kind``."""
    for name, info in model.model_fields.items():
        for item in info.metadata:
            if isinstance(item, kind):
                yield name, item
