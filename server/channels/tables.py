"""The tables of the channels: which devices and addresses an account wants to be reached at."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Table, Text, true

from server.database.metadata import metadata

push_subscription: Final = Table(
    "push_subscription",
    metadata,
    Column("id", Text, primary_key=True),  # digest of the endpoint
    Column("account", Text, nullable=False, index=True),
    Column("endpoint", Text, nullable=False, unique=True),
    Column("p256dh", Text, nullable=False),
    Column("auth", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

address: Final = Table(
    "channel_address",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("scheme", Text, nullable=False),
    Column("url", Text, nullable=False),  # has secrets: never logged, never answered in full
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("created_ms", BigInteger, nullable=False),
)

preference: Final = Table(
    "channel_preference",
    metadata,
    Column("account", Text, primary_key=True),
    Column("web_push", Boolean, nullable=False, server_default=true()),
)
