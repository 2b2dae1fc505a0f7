"""Contacts are merged, and the merge can be taken back; pairs that are two people are remembered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("contacts_contact", sa.Column("merged_into", sa.Uuid()))
    op.create_foreign_key(
        "contacts_contact_agency_id_merged_into_fkey",
        "contacts_contact",
        "contacts_contact",
        ["agency_id", "merged_into"],
        ["agency_id", "id"],
        ondelete="SET NULL (merged_into)",
    )
    op.create_index("contacts_contact_merged_into_idx", "contacts_contact", ["agency_id", "merged_into"])
    owned_table(
        "contacts_merge",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("merged_by", sa.Uuid()),
        sa.Column("fields", JSONB(), nullable=False),
        sa.Column("moved", JSONB(), nullable=False),
        sa.Column("image", sa.Text()),
        sa.UniqueConstraint("agency_id", "other_id"),
        owned_foreign_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        owned_foreign_key("other_id", "contacts_contact", ondelete="CASCADE"),
    )
    op.create_index("contacts_merge_contact_id_idx", "contacts_merge", ["agency_id", "contact_id", "created_at", "id"])
    op.create_index("contacts_merge_created_at_idx", "contacts_merge", ["agency_id", "created_at", "id"])
    owned_table(
        "contacts_distinct",
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("told_by", sa.Uuid()),
        sa.UniqueConstraint("agency_id", "one_id", "other_id"),
        owned_foreign_key("one_id", "contacts_contact", ondelete="CASCADE"),
        owned_foreign_key("other_id", "contacts_contact", ondelete="CASCADE"),
    )
    op.create_index("contacts_distinct_other_id_idx", "contacts_distinct", ["agency_id", "other_id"])


def downgrade() -> None:
    """Drop them."""
    drop_owned_table("contacts_distinct")
    drop_owned_table("contacts_merge")
    op.drop_index("contacts_contact_merged_into_idx", "contacts_contact")
    op.drop_constraint("contacts_contact_agency_id_merged_into_fkey", "contacts_contact", type_="foreignkey")
    op.drop_column("contacts_contact", "merged_into")
