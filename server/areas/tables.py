"""The table of areas."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Table, Text

from server.database.metadata import metadata

area: Final = Table(
    "area",
    metadata,
    Column("id", Text, primary_key=True),
    Column("parent", Text, ForeignKey("area.id"), nullable=True, index=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sort", Integer, nullable=False, server_default="0"),
    Column("path", Text, nullable=False, unique=True),
    # "/hp/hp-s1/" : ids from the root to the area itself; a subtree is one range of this index
    CheckConstraint("kind IN ('district', 'street', 'community', 'building', 'door')", name="kind"),
)
