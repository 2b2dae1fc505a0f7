"""Contacts have postal addresses, companies what they are registered by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COMPANY = ("vat_number", "registration_number", "website")


def upgrade() -> None:
    """Add the table and the columns."""
    owned_table(
        "contacts_address",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("postal_code", "city", "region", "country")),
        owned_foreign_key("contact_id", "contacts_contact", ondelete="CASCADE"),
    )
    op.create_index("contacts_address_contact_id_idx", "contacts_address", ["agency_id", "contact_id", "position"])
    for name in _COMPANY:
        op.add_column("contacts_contact", sa.Column(name, sa.Text()))


def downgrade() -> None:
    """Drop them."""
    for name in _COMPANY:
        op.drop_column("contacts_contact", name)
    drop_owned_table("contacts_address")
