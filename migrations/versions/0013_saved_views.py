"""Saved views of lists, and which of them people begin with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has kept a view yet."""
    owned_table(
        "core_view",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("filter", JSONB(), nullable=False),
        sa.Column("columns", JSONB(), nullable=False),
        owned_foreign_key("owner_id", "core_membership", "user_id", ondelete="CASCADE"),
        owned_foreign_key("team_id", "core_team", ondelete="CASCADE"),
    )
    op.create_index("core_view_entity_idx", "core_view", ["agency_id", "entity", "name", "id"])
    op.create_index("core_view_name_idx", "core_view", ["agency_id", "name", "id"])
    op.create_index("core_view_created_at_idx", "core_view", ["agency_id", "created_at", "id"])
    owned_table(
        "core_view_pin",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("view_id", sa.Uuid(), nullable=False),
        sa.UniqueConstraint("agency_id", "user_id", "entity"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
        owned_foreign_key("view_id", "core_view", ondelete="CASCADE"),
    )
    op.create_index("core_view_pin_view_id_idx", "core_view_pin", ["agency_id", "view_id", "user_id"])


def downgrade() -> None:
    """Forget them again."""
    drop_owned_table("core_view_pin")
    drop_owned_table("core_view")
