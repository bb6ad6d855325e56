"""The read model of reviews: the last word on each visit."""

from typing import Final

from sqlalchemy import BigInteger, Column, Table, Text

from server.database.metadata import metadata

review: Final = Table(
    "review",
    metadata,
    Column("visit", Text, primary_key=True),
    Column("rev", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("visit_rev", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("author", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
