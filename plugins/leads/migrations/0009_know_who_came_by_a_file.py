"""Leads that came by a file are known for good, and nothing said is NULL, not the JSON of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there already counts as asked for by its client."""
    op.add_column("leads_lead", sa.Column("imported", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE leads_lead SET utm = NULLIF(utm, 'null'), assigned_because = NULLIF(assigned_because, 'null'),"
        " score_reasons = NULLIF(score_reasons, 'null')"
        " WHERE 'null'::jsonb IN (utm, assigned_because, score_reasons)"
    )


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("leads_lead", "imported")
