"""Notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    owned_table(
        "visas_note",
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("visas_note_created_at_idx", "visas_note", ["agency_id", "created_at", "id"])
    op.create_index("visas_note_country_idx", "visas_note", ["agency_id", "country", "id"])


def downgrade() -> None:
    """Drop it."""
    drop_owned_table("visas_note")
