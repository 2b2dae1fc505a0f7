"""Contacts of one country are found by index, also where there are few or none."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("contacts_contact_country_idx", "contacts_contact", ["agency_id", "country", "created_at", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("contacts_contact_country_idx", table_name="contacts_contact")
