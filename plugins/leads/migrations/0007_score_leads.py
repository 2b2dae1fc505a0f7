"""Leads have a score, by rules of their agency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nothing is scored yet; agencies that are there take the default rules when they want them."""
    op.add_column("leads_lead", sa.Column("score", sa.BigInteger()))
    op.add_column("leads_lead", sa.Column("score_band", sa.Text()))
    op.add_column("leads_lead", sa.Column("score_reasons", JSONB()))
    op.add_column("leads_lead", sa.Column("scored_at", INSTANT))
    order = sa.Computed("COALESCE(score, '-1'::bigint)", persisted=True)
    op.add_column("leads_lead", sa.Column("sort_score", sa.BigInteger(), order, nullable=False))
    op.create_index("leads_lead_sort_score_idx", "leads_lead", ["agency_id", "sort_score", "id"])
    op.create_index(
        "leads_lead_score_band_idx",
        "leads_lead",
        ["agency_id", "score_band", "created_at", "id"],
        postgresql_where=sa.text("score_band IS NOT NULL"),
    )
    owned_table(
        "leads_scoring_rule",
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("conditions", JSONB(), nullable=False),
    )
    op.create_index("leads_scoring_rule_position_idx", "leads_scoring_rule", ["agency_id", "position", "id"])
    owned_table(
        "leads_scoring",
        sa.Column("warm_from", sa.BigInteger(), nullable=False),
        sa.Column("hot_from", sa.BigInteger(), nullable=False),
        sa.Column("count_plugins", sa.Boolean(), nullable=False),
        sa.Column("count_ai", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("reckoned_at", INSTANT),
        sa.UniqueConstraint("agency_id"),
    )


def downgrade() -> None:
    """Drop them."""
    drop_owned_table("leads_scoring")
    drop_owned_table("leads_scoring_rule")
    for name in ("sort_score", "scored_at", "score_reasons", "score_band", "score"):
        op.drop_column("leads_lead", name)
