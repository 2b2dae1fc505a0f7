"""Endpoints, the messages to them, and the attempts to send these."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _endpoints()
    _deliveries()
    owned_table(
        "webhooks_attempt",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger()),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("response", sa.Text()),
        sa.UniqueConstraint("agency_id", "delivery_id", "number"),
        owned_foreign_key("delivery_id", "webhooks_delivery", ondelete="CASCADE"),
        grants="select, insert, delete",
    )


def downgrade() -> None:
    """Drop them, dependants first."""
    for table in ("webhooks_attempt", "webhooks_delivery", "webhooks_endpoint"):
        drop_owned_table(table)


def _endpoints() -> None:
    table = "webhooks_endpoint"
    owned_table(
        table,
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("events", JSONB(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.Text()),
        sa.Column("disabled_at", INSTANT),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text()),
        sa.Column("previous_secret_until", INSTANT),
        sa.Column("strikes", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", INSTANT),
        sa.Column("held_since", INSTANT),
        sa.Column("deleted_at", INSTANT),
    )
    op.create_index(f"{table}_created_at_idx", table, ["agency_id", "created_at", "id"])
    deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index(f"{table}_deleted_at_idx", table, ["agency_id", "id"], postgresql_where=deleted)


def _deliveries() -> None:
    table = "webhooks_delivery"
    owned_table(
        table,
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger()),
        sa.Column("error", sa.Text()),
        sa.Column("next_attempt_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.UniqueConstraint("agency_id", "endpoint_id", "message_id"),
        owned_foreign_key("endpoint_id", "webhooks_endpoint", ondelete="CASCADE"),
    )
    op.create_index(f"{table}_created_at_idx", table, ["agency_id", "endpoint_id", "created_at", "id"])
    for column in ("state", "event"):
        op.create_index(f"{table}_{column}_idx", table, ["agency_id", "endpoint_id", column, "created_at", "id"])
    held, finished = sa.text("state = 'held'"), sa.text("finished_at IS NOT NULL")
    columns = ["agency_id", "endpoint_id", "next_attempt_at", "id"]
    op.create_index(f"{table}_held_idx", table, columns, postgresql_where=held)
    op.create_index(f"{table}_finished_at_idx", table, ["agency_id", "finished_at"], postgresql_where=finished)
