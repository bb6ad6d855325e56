"""The table of what registers said last."""

from typing import Final

from sqlalchemy import Column, Table, Text

from server.database.metadata import metadata

register_memory: Final = Table(
    "register_memory",
    metadata,
    Column("household", Text, primary_key=True),
    Column("digests", Text, nullable=False),
    # JSON {"phone": "9f86d081"}: fingerprints of the values a register wrote, to tell them from what people edited
)
