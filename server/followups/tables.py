"""The read model of follow-ups: one row for each document that is not deleted."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text

from server.database.metadata import metadata

followup: Final = Table(
    "followup",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rev", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("area", Text, nullable=False),
    Column("household", Text, nullable=False),
    Column("visit", Text, nullable=True, index=True),
    Column("due", Text, nullable=False),  # YYYY-MM-DD, a day in Shanghai
    Column("assignee", Text, nullable=False),  # the document's "to": who promised to come
    Column("author", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    Column("done_by_visit", Text, nullable=True),
    Column("done_ms", BigInteger, nullable=True),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_followup_state_due", "state", "due"),
    Index("ix_followup_assignee_state_due", "assignee", "state", "due"),
    Index("ix_followup_area_state_due", "area", "state", "due"),
    Index("ix_followup_household", "household"),
)
