"""Leads are merged, and the merge can be taken back; pairs that are two enquiries are remembered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("leads_lead", sa.Column("merged_into", sa.Uuid()))
    op.create_foreign_key(
        "leads_lead_agency_id_merged_into_fkey",
        "leads_lead",
        "leads_lead",
        ["agency_id", "merged_into"],
        ["agency_id", "id"],
        ondelete="SET NULL (merged_into)",
    )
    op.create_index("leads_lead_merged_into_idx", "leads_lead", ["agency_id", "merged_into"])
    owned_table(
        "leads_merge",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("other_contact_id", sa.Uuid(), nullable=False),
        sa.Column("merged_by", sa.Uuid()),
        sa.Column("fields", JSONB(), nullable=False),
        sa.Column("moved", JSONB(), nullable=False),
        sa.Column("image", sa.Text()),
        sa.UniqueConstraint("agency_id", "other_id"),
        owned_foreign_key("lead_id", "leads_lead", ondelete="CASCADE"),
        owned_foreign_key("other_id", "leads_lead", ondelete="CASCADE"),
    )
    op.create_index("leads_merge_lead_id_idx", "leads_merge", ["agency_id", "lead_id", "created_at", "id"])
    for column in ("contact_id", "other_contact_id"):
        op.create_index(f"leads_merge_{column}_idx", "leads_merge", ["agency_id", column])
    op.create_index("leads_merge_created_at_idx", "leads_merge", ["agency_id", "created_at", "id"])
    owned_table(
        "leads_distinct",
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("told_by", sa.Uuid()),
        sa.UniqueConstraint("agency_id", "one_id", "other_id"),
        owned_foreign_key("one_id", "leads_lead", ondelete="CASCADE"),
        owned_foreign_key("other_id", "leads_lead", ondelete="CASCADE"),
    )
    op.create_index("leads_distinct_other_id_idx", "leads_distinct", ["agency_id", "other_id"])


def downgrade() -> None:
    """Drop them."""
    drop_owned_table("leads_distinct")
    drop_owned_table("leads_merge")
    op.drop_index("leads_lead_merged_into_idx", "leads_lead")
    op.drop_constraint("leads_lead_agency_id_merged_into_fkey", "leads_lead", type_="foreignkey")
    op.drop_column("leads_lead", "merged_into")
