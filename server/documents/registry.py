"""The document types there are."""

from collections.abc import Mapping
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
