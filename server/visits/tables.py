"""The read model of visits, made so that lists stay fast at a million of them.

The wide indexes hold every column that a list filters by, so that looking for a page touches the index only.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Table, Text

from server.database.metadata import metadata

visit: Final = Table(
    "visit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rev", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),  # of the visit document: lists are in this order
    Column("changed_seq", BigInteger, nullable=False, index=True),  # of the visit or its review: live updates follow it
    Column("area", Text, nullable=False),
    Column("household", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("needs", Text, nullable=False),  # a JSON list
    Column("note", Text, nullable=False),
    Column("card_left", Boolean, nullable=False),
    Column("photos", Text, nullable=False),  # a JSON list
    Column("followup", Text, nullable=True),
    Column("state", Text, nullable=False),
    Column("search", Text, nullable=False),  # note and needs in lower case
    CheckConstraint("state IN ('pending', 'approved', 'returned')", name="state"),
    Index("ix_visit_seq", "seq", "area", "state", "outcome", "at_ms", "author"),
    Index("ix_visit_state", "state", "seq", "area", "outcome", "at_ms", "author"),
    Index("ix_visit_area", "area", "state", "seq", "outcome", "at_ms", "author"),
    Index("ix_visit_author", "author", "seq", "area", "state", "outcome", "at_ms"),
    Index("ix_visit_household", "household", "seq"),
    Index("ix_visit_at_ms", "at_ms", "seq"),
)

visit_count: Final = Table(
    "visit_count",
    metadata,
    Column("area", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("visits", Integer, nullable=False),
)

visit_gone: Final = Table(
    "visit_gone",
    metadata,
    Column("visit", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False, index=True),
    Column("area", Text, nullable=False),
    comment="Deleted visits, so that pages that stay open hear of it.",
)

arrival: Final = Table(
    "visit_arrival",
    metadata,
    Column("visit", Text, primary_key=True),
    Column("rev", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    comment="When the server took in the revision that wins now. No document says so: a rebuild leaves it alone.",
)
