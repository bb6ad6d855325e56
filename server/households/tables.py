"""The read model of households, and the trace of who looked at what."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from server.database.metadata import metadata

household: Final = Table(
    "household",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rev", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("area", Text, nullable=False, index=True),
    Column("door", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("search", Text, nullable=False, server_default=""),  # address, name and pinyin in lower case
)

audit: Final = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("action", Text, nullable=False),  # visit, photo, phone, …: what was looked at
    Column("subject", Text, nullable=False),  # a document's id
    Column("household", Text, nullable=True),
    Index("ix_audit_household_at_ms", "household", "at_ms"),
    Index("ix_audit_account_at_ms", "account", "at_ms"),
)
