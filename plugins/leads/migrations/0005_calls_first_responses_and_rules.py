"""Logged calls, and what a lead's next action is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nobody has called yet."""
    op.add_column("leads_lead", sa.Column("next_action", sa.Text()))
    owned_table(
        "leads_call",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("duration_seconds", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("next_action_at", INSTANT),
        sa.Column("next_action", sa.Text()),
        owned_foreign_key("lead_id", "leads_lead", ondelete="CASCADE"),
    )
    op.create_index("leads_call_at_idx", "leads_call", ["agency_id", "lead_id", "at", "id"])


def downgrade() -> None:
    """Drop them."""
    drop_owned_table("leads_call")
    op.drop_column("leads_lead", "next_action")
