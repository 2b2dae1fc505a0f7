"""People are members of a household and of companies, each with a role."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    owned_table(
        "contacts_member",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("group_kind", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("agency_id", "group_id", "contact_id"),
        owned_foreign_key("group_id", "contacts_contact", ondelete="CASCADE"),
        owned_foreign_key("contact_id", "contacts_contact", ondelete="CASCADE"),
    )
    for name, column, where in (
        ("household", "contact_id", "group_kind = 'household'"),
        ("primary", "group_id", "is_primary"),
    ):
        op.create_index(
            f"contacts_member_{name}_idx",
            "contacts_member",
            ["agency_id", column],
            unique=True,
            postgresql_where=sa.text(where),
        )
    for name, *columns in (("contact_id", "contact_id", "group_id"), ("created_at", "group_id", "created_at", "id")):
        op.create_index(f"contacts_member_{name}_idx", "contacts_member", ["agency_id", *columns])


def downgrade() -> None:
    """Drop it."""
    drop_owned_table("contacts_member")
