"""Working hours of agencies and teams, and when members are away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Everybody works by the usual hours at first."""
    owned_table(
        "core_calendar",
        sa.Column("team_id", sa.Uuid()),
        sa.Column("zone", sa.Text()),
        sa.Column("week", JSONB(), nullable=False),
        sa.Column("country", sa.Text()),
        sa.Column("subdivision", sa.Text()),
        sa.Column("closures", JSONB(), nullable=False),
        sa.Column("openings", JSONB(), nullable=False),
        sa.UniqueConstraint("agency_id", "team_id", postgresql_nulls_not_distinct=True),
        owned_foreign_key("team_id", "core_team", ondelete="CASCADE"),
    )
    op.create_index("core_calendar_created_at_idx", "core_calendar", ["agency_id", "created_at", "id"])
    owned_table(
        "core_absence",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
    )
    op.create_index("core_absence_user_id_idx", "core_absence", ["agency_id", "user_id", "ends_at", "id"])
    for column in ("starts_at", "ends_at"):
        op.create_index(f"core_absence_{column}_idx", "core_absence", ["agency_id", column, "id"])


def downgrade() -> None:
    """Drop them."""
    drop_owned_table("core_absence")
    drop_owned_table("core_calendar")
