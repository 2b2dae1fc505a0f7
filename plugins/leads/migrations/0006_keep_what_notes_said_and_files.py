"""Notes keep what they said before, and leads have files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("leads_note", sa.Column("edited_at", INSTANT))
    owned_table(
        "leads_note_version",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        owned_foreign_key("lead_id", "leads_lead", ondelete="CASCADE"),
        owned_foreign_key("note_id", "leads_note", ondelete="CASCADE"),
        # What was said is only ever added to, and taken out.
        grants="select, insert, delete",
    )
    columns = ["agency_id", "note_id", "created_at", "id"]
    op.create_index("leads_note_version_created_at_idx", "leads_note_version", columns)
    op.create_index("leads_note_version_lead_id_idx", "leads_note_version", ["agency_id", "lead_id"])
    owned_table(
        "leads_attachment",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        owned_foreign_key("lead_id", "leads_lead", ondelete="CASCADE"),
        owned_foreign_key("file_id", "core_file"),
    )
    columns = ["agency_id", "lead_id", "created_at", "id"]
    op.create_index("leads_attachment_created_at_idx", "leads_attachment", columns)


def downgrade() -> None:
    """Drop them."""
    for table in ("leads_attachment", "leads_note_version"):
        drop_owned_table(table)
    op.drop_column("leads_note", "edited_at")
