"""Fields that agencies add, and their values."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_table, protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has a field yet."""
    owned_table(
        "core_custom_field",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("entity", "key", "label", "kind")),
        sa.Column("description", sa.Text()),
        sa.Column("decimals", sa.BigInteger(), nullable=False),
        sa.Column("max_length", sa.BigInteger(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("choices", JSONB(), nullable=False),
        sa.Column("default_value", JSONB()),
        sa.Column("seen_by", sa.Text(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("agency_id", "entity", "key"),
        sa.UniqueConstraint("agency_id", "kind", "decimals", "id", name="core_custom_field_type_key"),
        # Asked with the plugins that are off, before the agency is acted in.
        system="select",
    )
    op.create_index("core_custom_field_position_idx", "core_custom_field", ["agency_id", "position", "id"])
    op.create_index("core_custom_field_entity_idx", "core_custom_field", ["agency_id", "entity", "position", "id"])
    op.create_table(
        "core_custom_value",
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("field_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("decimals", sa.BigInteger(), nullable=False),
        sa.Column("text_value", sa.Text()),
        sa.Column("text_start", sa.Text(), sa.Computed('"left"(text_value, 200)', persisted=True)),
        sa.Column("number_value", sa.BigInteger()),
        sa.Column("day_value", sa.Date()),
        sa.PrimaryKeyConstraint("agency_id", "entity_id", "field_id", "place"),
        sa.ForeignKeyConstraint(
            ["agency_id", "kind", "decimals", "field_id"],
            [f"core_custom_field.{name}" for name in ("agency_id", "kind", "decimals", "id")],
            name="core_custom_value_type_fkey",
        ),
    )
    for name in ("text_start", "number_value", "day_value"):
        op.create_index(
            f"core_custom_value_{name}_idx",
            "core_custom_value",
            ["agency_id", "field_id", name, "entity_id"],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    protect("core_custom_value")


def downgrade() -> None:
    """Forget them again."""
    op.drop_table("core_custom_value")
    drop_owned_table("core_custom_field")
