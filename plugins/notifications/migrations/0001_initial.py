"""Notifications, preferences, mutes and push addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TABLE = "notifications_notification"


def upgrade() -> None:
    """Create the tables."""
    _notifications()
    owned_table(
        "notifications_preference",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.UniqueConstraint("agency_id", "user_id", "kind", "channel"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
    )
    owned_table(
        "notifications_mute",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.UniqueConstraint("agency_id", "user_id", "subject_id"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
    )
    owned_table(
        "notifications_push_address",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("failing_since", INSTANT),
        sa.Column("last_error", sa.Text()),
        sa.UniqueConstraint("agency_id", "user_id"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
    )
    for name, columns in (("created_at", ("user_id", "created_at", "id")), ("subject_id", ("subject_id", "user_id"))):
        op.create_index(f"notifications_mute_{name}_idx", "notifications_mute", ["agency_id", *columns])


def downgrade() -> None:
    """Drop them."""
    for table in ("notifications_push_address", "notifications_mute", "notifications_preference", TABLE):
        drop_owned_table(table)


def _notifications() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", JSONB(), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("subject", sa.Text()),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("cause_id", sa.Uuid()),
        sa.Column("event_seq", sa.BigInteger()),
        sa.Column("daily", JSONB(), nullable=False),
        sa.Column("digest_id", sa.Uuid()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT),
        sa.Column("read_at", INSTANT),
        _computed("unread", "told_at IS NOT NULL AND read_at IS NULL"),
        _computed("waiting", "daily <> '[]'::jsonb AND digest_id IS NULL AND read_at IS NULL"),
        sa.UniqueConstraint("agency_id", "id"),
        sa.UniqueConstraint("agency_id", "user_id", "seq"),
        sa.UniqueConstraint("agency_id", "user_id", "kind", "cause_id"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
    )
    protect(TABLE)
    op.create_index(f"{TABLE}_unread_idx", TABLE, ["agency_id", "user_id", "unread", "seq"])
    # The hourly look for digests that are due must not read everything there is.
    waiting = sa.text("waiting IS true")
    op.create_index(f"{TABLE}_waiting_idx", TABLE, ["agency_id", "user_id"], postgresql_where=waiting)
    for column in ("cause_id", "read_at"):
        op.create_index(f"{TABLE}_{column}_idx", TABLE, ["agency_id", column])


def _computed(name: str, sql: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), sa.Computed(sql, persisted=True), nullable=False)
