"""The tables of reminders and of their deliveries.

A reminder is the fact that a person is to be told of a matter; a delivery is that fact on its way through one channel
to one target. Neither holds text about residents: what is shown is put together when it is read.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from server.database.metadata import metadata

reminder: Final = Table(
    "reminder",
    metadata,
    Column("id", Text, primary_key=True),  # digest of (matter, account, kind): the key that every delivery carries
    Column("matter", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),  # not before; the morning and the quiet hours are applied on release
    Column("released_ms", BigInteger, nullable=True),
    Column("settled", Boolean, nullable=False, server_default=false()),  # dealt with: nothing more to tell
    Column("read_ms", BigInteger, nullable=True),
    Column("folded_into", Text, nullable=True, index=True),  # the reminder whose message speaks for this one
    Column("area", Text, nullable=True),
    Column("household", Text, nullable=True),
    Column("followup", Text, nullable=True, index=True),
    Column("visit", Text, nullable=True, index=True),
    Column("due", Text, nullable=True),
    UniqueConstraint("matter", "account", "kind"),
    CheckConstraint("state IN ('planned', 'released', 'folded', 'cancelled')", name="state"),
    CheckConstraint("kind IN ('followup_due', 'followup_late', 'digest', 'visit_returned')", name="kind"),
    Index("ix_reminder_state_at_ms", "state", "at_ms"),
    Index("ix_reminder_account_released_ms", "account", "released_ms"),
)

delivery: Final = Table(
    "delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("reminder", Text, ForeignKey("reminder.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),  # in_app, web_push, message
    Column("target", Text, nullable=False),  # id of the push subscription or address; "" in the application
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_ms", BigInteger, nullable=False),
    Column("claimed_by", Text, nullable=True),
    Column("claimed_until_ms", BigInteger, nullable=True),
    Column("ended_ms", BigInteger, nullable=True),
    Column("error", Text, nullable=True),  # a word of ours, never what a server answered
    UniqueConstraint("reminder", "channel", "target"),
    CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'cancelled')", name="state"),
    Index("ix_delivery_state_next_try_ms", "state", "next_try_ms"),
)
