"""The quarantine: documents that were not accepted, as they came."""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint

from server.database.metadata import metadata

refusal: Final = Table(
    "refusal",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("doc_id", Text, nullable=False),
    Column("rev", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("area", Text, nullable=True),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Column("at_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    CheckConstraint("state IN ('waiting', 'mended', 'discarded')", name="state"),
    UniqueConstraint("account", "doc_id", "rev"),
    Index("ix_refusal_account_state", "account", "state", "id"),
)
