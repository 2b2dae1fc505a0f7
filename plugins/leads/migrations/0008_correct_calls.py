"""Logged calls can be corrected, and keep what they said before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nobody has corrected any yet."""
    op.add_column("leads_call", sa.Column("edited_at", INSTANT))
    owned_table(
        "leads_call_version",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("duration_seconds", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("written_at", INSTANT, nullable=False),
        owned_foreign_key("lead_id", "leads_lead", ondelete="CASCADE"),
        owned_foreign_key("call_id", "leads_call", ondelete="CASCADE"),
        # What was said is only ever added to, and taken out.
        grants="select, insert, delete",
    )
    columns = ["agency_id", "call_id", "created_at", "id"]
    op.create_index("leads_call_version_created_at_idx", "leads_call_version", columns)
    op.create_index("leads_call_version_lead_id_idx", "leads_call_version", ["agency_id", "lead_id"])


def downgrade() -> None:
    """Drop them."""
    drop_owned_table("leads_call_version")
    op.drop_column("leads_call", "edited_at")
