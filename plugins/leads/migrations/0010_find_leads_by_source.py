"""Leads of one source are found by index, also where there are few or none."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("leads_lead_source_idx", "leads_lead", ["agency_id", "source", "created_at", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("leads_lead_source_idx", table_name="leads_lead")
