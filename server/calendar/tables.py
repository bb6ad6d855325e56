"""The table of corrected days."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Table, Text

from server.database.metadata import metadata

override: Final = Table(
    "calendar_override",
    metadata,
    Column("day", Text, primary_key=True),  # YYYY-MM-DD
    Column("working", Boolean, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("account", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
