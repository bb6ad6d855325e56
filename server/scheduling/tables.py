"""The tables of the scheduler."""

from typing import Final

from sqlalchemy import BigInteger, Column, Table, Text

from server.database.metadata import metadata

lease: Final = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)

job_run: Final = Table(
    "job_run",
    metadata,
    Column("job", Text, primary_key=True),
    Column("scheduled_ms", BigInteger, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("started_ms", BigInteger, nullable=False, index=True),
    Column("ended_ms", BigInteger, nullable=True),
    Column("outcome", Text, nullable=True),
)
