"""Contacts with their e-mail addresses and phone numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    owned_table(
        "contacts_contact",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text()),
        sa.Column("family_name", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("zone", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.Column("nationality", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        owned_foreign_key("owner_id", "core_membership", "user_id", ondelete="SET NULL (owner_id)"),
        owned_foreign_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
    )
    for name, *columns in (
        ("created_at", "created_at", "id"),
        ("updated_at", "updated_at", "id"),
        ("sort_name", "sort_name", "id"),
        ("owner_id", "owner_id", "created_at", "id"),
        ("team_id", "team_id", "created_at", "id"),
    ):
        op.create_index(f"contacts_contact_{name}_idx", "contacts_contact", ["agency_id", *columns])
    for table, column in (("contacts_email", "address"), ("contacts_phone", "number")):
        owned_table(
            table,
            sa.Column("contact_id", sa.Uuid(), nullable=False),
            sa.Column("position", sa.BigInteger(), nullable=False),
            sa.Column(column, sa.Text(), nullable=False),
            sa.Column("label", sa.Text()),
            owned_foreign_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        )
        op.create_index(f"{table}_contact_id_idx", table, ["agency_id", "contact_id", "position"])
        op.create_index(f"{table}_{column}_idx", table, ["agency_id", column])


def downgrade() -> None:
    """Drop them, dependants first."""
    for table in ("contacts_phone", "contacts_email", "contacts_contact"):
        drop_owned_table(table)
