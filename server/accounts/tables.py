"""The tables of accounts, grants, sessions and the one-time link for the first administrator."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Table, Text, false

from server.database.metadata import metadata

account: Final = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("admin", Boolean, nullable=False, server_default=false()),
    Column("disabled_ms", BigInteger, nullable=True),
    Column("created_ms", BigInteger, nullable=False),
)

grant: Final = Table(
    "area_grant",  # "grant" is a word of SQL
    metadata,
    Column("account", Text, ForeignKey("account.name", ondelete="CASCADE"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("area", Text, ForeignKey("area.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("created_ms", BigInteger, nullable=False),
    CheckConstraint("role IN ('visitor', 'supervisor')", name="role"),
)

session: Final = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),  # sha256: whoever reads the table cannot log in with it
    Column("account", Text, ForeignKey("account.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Index("ix_session_seen_ms", "seen_ms"),
)

setup_link: Final = Table(
    "setup_link",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=True),
)
