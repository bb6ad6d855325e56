"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sync_attached",
        sa.Column(
            "body", sa.BigInteger(), autoincrement=False, nullable=False, comment="the revision's row in sync_body"
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="sync_blob"),
        sa.PrimaryKeyConstraint("body", "name", name=op.f("pk_sync_attached")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("sync_attached", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sync_attached_key"), ["key"], unique=False)

    op.create_table(
        "sync_blob",
        sa.Column("key", sa.Text(), nullable=False, comment="sha256 of the content, hex"),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sync_blob")),
        comment="Attachment contents, each once. The MD5 that the protocol shows is no key: it can be forged.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sync_body",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="a JSON object, UTF-8, without the _fields"),
        sa.Column(
            "attachments", sa.LargeBinary(), nullable=True, comment="the _attachments stubs as JSON, UTF-8; null: none"
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_sync_body")),
        comment="One row per stored revision, leaves and ancestors alike.",
    )
    op.create_table(
        "sync_chunk",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", "part", name=op.f("pk_sync_chunk")),
    )
    op.create_table(
        "sync_database",
        sa.Column("n", sa.Integer(), nullable=False, comment="never given twice"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("update_seq", sa.BigInteger(), nullable=False, comment="the last sequence given"),
        sa.Column("live", sa.BigInteger(), nullable=False, comment="documents whose winner is not deleted"),
        sa.Column("gone", sa.BigInteger(), nullable=False, comment="documents whose winner is deleted"),
        sa.Column("revs_limit", sa.Integer(), nullable=False),
        sa.Column("security", sa.Text(), nullable=False, comment="the _security object, JSON"),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_sync_database")),
        sa.UniqueConstraint("name", name=op.f("uq_sync_database_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sync_document",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("db", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rev", sa.Text(), nullable=False, comment="the winner"),
        sa.Column("deleted", sa.Boolean(), nullable=False, comment="whether the winner is a tombstone"),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="of the last change to any leaf"),
        sa.Column("body", sa.BigInteger(), nullable=False, comment="the winner's row in sync_body"),
        sa.Column("tree", sa.Text(), nullable=False, comment="sync.revisions.Tree as text; empty: the winner alone"),
        sa.Column("owner", sa.Text(), nullable=True, comment="the scope it was written for"),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_sync_document")),
        sa.UniqueConstraint("db", "id", name=op.f("uq_sync_document_db_id")),
        sa.UniqueConstraint("db", "seq", name=op.f("uq_sync_document_db_seq")),
    )
    op.create_table(
        "sync_local",
        sa.Column("db", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment="empty in a plain database; else scope and account"),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("db", "owner", "id", name=op.f("pk_sync_local")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sync_membership",
        sa.Column("scope", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "position",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="the document's seq; below zero: readable by id, in no feed",
        ),
        sa.Column("doc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "position", name=op.f("pk_sync_membership")),
        sa.UniqueConstraint("doc", "scope", name=op.f("uq_sync_membership_doc_scope")),
        comment="Latest only: a feed of a scope is one bounded range of this table.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sync_meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sync_meta")),
        comment="Facts about the whole store: its uuid.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sync_scope",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("db", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("live", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False, comment="the newest sequence in this scope's feed"),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_sync_scope")),
        sa.UniqueConstraint("db", "name", name=op.f("uq_sync_scope_db_name")),
    )
    op.create_table(
        "account",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("admin", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("disabled_ms", sa.BigInteger(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_account")),
    )
    op.create_table(
        "area",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort", sa.Integer(), server_default="0", nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('district', 'street', 'community', 'building', 'door')", name=op.f("ck_area_kind")
        ),
        sa.ForeignKeyConstraint(["parent"], ["area.id"], name=op.f("fk_area_parent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("path", name=op.f("uq_area_path")),
    )
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_area_parent"), ["parent"], unique=False)

    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("household", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_account_at_ms", ["account", "at_ms"], unique=False)
        batch_op.create_index("ix_audit_household_at_ms", ["household", "at_ms"], unique=False)

    op.create_table(
        "calendar_override",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_override")),
    )
    op.create_table(
        "channel_address",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_address")),
    )
    with op.batch_alter_table("channel_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channel_address_account"), ["account"], unique=False)

    op.create_table(
        "channel_preference",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("web_push", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_channel_preference")),
    )
    op.create_table(
        "followup",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rev", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("household", sa.Text(), nullable=False),
        sa.Column("visit", sa.Text(), nullable=True),
        sa.Column("due", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done_by_visit", sa.Text(), nullable=True),
        sa.Column("done_ms", sa.BigInteger(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup")),
    )
    with op.batch_alter_table("followup", schema=None) as batch_op:
        batch_op.create_index("ix_followup_area_state_due", ["area", "state", "due"], unique=False)
        batch_op.create_index("ix_followup_assignee_state_due", ["assignee", "state", "due"], unique=False)
        batch_op.create_index("ix_followup_household", ["household"], unique=False)
        batch_op.create_index("ix_followup_state_due", ["state", "due"], unique=False)
        batch_op.create_index(batch_op.f("ix_followup_visit"), ["visit"], unique=False)

    op.create_table(
        "household",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rev", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("search", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
    )
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_household_area"), ["area"], unique=False)

    op.create_table(
        "job_run",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("scheduled_ms", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", "scheduled_ms", name=op.f("pk_job_run")),
    )
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_run_started_ms"), ["started_ms"], unique=False)

    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscription")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_push_subscription_endpoint")),
    )
    with op.batch_alter_table("push_subscription", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_subscription_account"), ["account"], unique=False)

    op.create_table(
        "refusal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("doc_id", sa.Text(), nullable=False),
        sa.Column("rev", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'mended', 'discarded')", name=op.f("ck_refusal_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
        sa.UniqueConstraint("account", "doc_id", "rev", name=op.f("uq_refusal_account_doc_id_rev")),
    )
    with op.batch_alter_table("refusal", schema=None) as batch_op:
        batch_op.create_index("ix_refusal_account_state", ["account", "state", "id"], unique=False)

    op.create_table(
        "register_memory",
        sa.Column("household", sa.Text(), nullable=False),
        sa.Column("digests", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("household", name=op.f("pk_register_memory")),
    )
    op.create_table(
        "reminder",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("released_ms", sa.BigInteger(), nullable=True),
        sa.Column("settled", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("read_ms", sa.BigInteger(), nullable=True),
        sa.Column("folded_into", sa.Text(), nullable=True),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("household", sa.Text(), nullable=True),
        sa.Column("followup", sa.Text(), nullable=True),
        sa.Column("visit", sa.Text(), nullable=True),
        sa.Column("due", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('followup_due', 'followup_late', 'digest', 'visit_returned')", name=op.f("ck_reminder_kind")
        ),
        sa.CheckConstraint("state IN ('planned', 'released', 'folded', 'cancelled')", name=op.f("ck_reminder_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("matter", "account", "kind", name=op.f("uq_reminder_matter_account_kind")),
    )
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index("ix_reminder_account_released_ms", ["account", "released_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_reminder_folded_into"), ["folded_into"], unique=False)
        batch_op.create_index(batch_op.f("ix_reminder_followup"), ["followup"], unique=False)
        batch_op.create_index("ix_reminder_state_at_ms", ["state", "at_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_reminder_visit"), ["visit"], unique=False)

    op.create_table(
        "review",
        sa.Column("visit", sa.Text(), nullable=False),
        sa.Column("rev", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("visit_rev", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("visit", name=op.f("pk_review")),
    )
    op.create_table(
        "setup_link",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_setup_link")),
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rev", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("household", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("card_left", sa.Boolean(), nullable=False),
        sa.Column("photos", sa.Text(), nullable=False),
        sa.Column("followup", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'approved', 'returned')", name=op.f("ck_visit_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index("ix_visit_area", ["area", "state", "seq", "outcome", "at_ms", "author"], unique=False)
        batch_op.create_index("ix_visit_at_ms", ["at_ms", "seq"], unique=False)
        batch_op.create_index("ix_visit_author", ["author", "seq", "area", "state", "outcome", "at_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_changed_seq"), ["changed_seq"], unique=False)
        batch_op.create_index("ix_visit_household", ["household", "seq"], unique=False)
        batch_op.create_index("ix_visit_seq", ["seq", "area", "state", "outcome", "at_ms", "author"], unique=False)
        batch_op.create_index("ix_visit_state", ["state", "seq", "area", "outcome", "at_ms", "author"], unique=False)

    op.create_table(
        "visit_arrival",
        sa.Column("visit", sa.Text(), nullable=False),
        sa.Column("rev", sa.Text(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("visit", name=op.f("pk_visit_arrival")),
        comment="When the server took in the revision that wins now. No document says so: a rebuild leaves it alone.",
    )
    op.create_table(
        "visit_count",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("area", "state", name=op.f("pk_visit_count")),
    )
    op.create_table(
        "visit_gone",
        sa.Column("visit", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("visit", name=op.f("pk_visit_gone")),
        comment="Deleted visits, so that pages that stay open hear of it.",
    )
    with op.batch_alter_table("visit_gone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_gone_seq"), ["seq"], unique=False)

    op.create_table(
        "area_grant",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role IN ('visitor', 'supervisor')", name=op.f("ck_area_grant_role")),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name=op.f("fk_area_grant_account"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_area_grant_area"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "role", "area", name=op.f("pk_area_grant")),
    )
    with op.batch_alter_table("area_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_area_grant_area"), ["area"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reminder", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_ms", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'cancelled')", name=op.f("ck_delivery_state")
        ),
        sa.ForeignKeyConstraint(["reminder"], ["reminder.id"], name=op.f("fk_delivery_reminder"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("reminder", "channel", "target", name=op.f("uq_delivery_reminder_channel_target")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_state_next_try_ms", ["state", "next_try_ms"], unique=False)

    op.create_table(
        "session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name=op.f("fk_session_account"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_account"), ["account"], unique=False)
        batch_op.create_index("ix_session_seen_ms", ["seen_ms"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index("ix_session_seen_ms")
        batch_op.drop_index(batch_op.f("ix_session_account"))

    op.drop_table("session")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_state_next_try_ms")

    op.drop_table("delivery")
    with op.batch_alter_table("area_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_area_grant_area"))

    op.drop_table("area_grant")
    with op.batch_alter_table("visit_gone", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_gone_seq"))

    op.drop_table("visit_gone")
    op.drop_table("visit_count")
    op.drop_table("visit_arrival")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index("ix_visit_state")
        batch_op.drop_index("ix_visit_seq")
        batch_op.drop_index("ix_visit_household")
        batch_op.drop_index(batch_op.f("ix_visit_changed_seq"))
        batch_op.drop_index("ix_visit_author")
        batch_op.drop_index("ix_visit_at_ms")
        batch_op.drop_index("ix_visit_area")

    op.drop_table("visit")
    op.drop_table("setup_link")
    op.drop_table("review")
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reminder_visit"))
        batch_op.drop_index("ix_reminder_state_at_ms")
        batch_op.drop_index(batch_op.f("ix_reminder_followup"))
        batch_op.drop_index(batch_op.f("ix_reminder_folded_into"))
        batch_op.drop_index("ix_reminder_account_released_ms")

    op.drop_table("reminder")
    op.drop_table("register_memory")
    with op.batch_alter_table("refusal", schema=None) as batch_op:
        batch_op.drop_index("ix_refusal_account_state")

    op.drop_table("refusal")
    with op.batch_alter_table("push_subscription", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_push_subscription_account"))

    op.drop_table("push_subscription")
    op.drop_table("lease")
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_run_started_ms"))

    op.drop_table("job_run")
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_household_area"))

    op.drop_table("household")
    with op.batch_alter_table("followup", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_followup_visit"))
        batch_op.drop_index("ix_followup_state_due")
        batch_op.drop_index("ix_followup_household")
        batch_op.drop_index("ix_followup_assignee_state_due")
        batch_op.drop_index("ix_followup_area_state_due")

    op.drop_table("followup")
    op.drop_table("channel_preference")
    with op.batch_alter_table("channel_address", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_channel_address_account"))

    op.drop_table("channel_address")
    op.drop_table("calendar_override")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_household_at_ms")
        batch_op.drop_index("ix_audit_account_at_ms")

    op.drop_table("audit")
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_area_parent"))

    op.drop_table("area")
    op.drop_table("account")
    op.drop_table("sync_scope")
    op.drop_table("sync_meta")
    op.drop_table("sync_membership")
    op.drop_table("sync_local")
    op.drop_table("sync_document")
    op.drop_table("sync_database")
    op.drop_table("sync_chunk")
    op.drop_table("sync_body")
    op.drop_table("sync_blob")
    with op.batch_alter_table("sync_attached", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sync_attached_key"))

    op.drop_table("sync_attached")
