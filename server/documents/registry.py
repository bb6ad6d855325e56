"""The document types there are."""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from server.documents.base import Document
from server.followups.schemas import Followup
from server.households.schemas import Household
from server.photos.schemas import Photo
from server.reviews.schemas import Review
from server.visits.schemas import Visit

TYPES: Final[Mapping[str, type[Document]]] = MappingProxyType(
    {"household": Household, "visit": Visit, "followup": Followup, "photo": Photo, "review": Review}
)
"""Type name → its model."""


def type_of(document_id: str) -> str:
    """Return the type that ``document_id`` names: what stands before its first colon."""
    return document_id.partition(":")[0]


@cache
def pattern_of(kind: str) -> re.Pattern[str]:
    """Return the pattern of the whole ids of the known type ``kind``."""
    return re.compile(f"{kind}:{TYPES[kind].KEY}", re.ASCII)
