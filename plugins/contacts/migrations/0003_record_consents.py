"""What contacts say about being contacted is recorded."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    owned_table(
        "contacts_consent_statement",
        *_said(),
        sa.Column("recorded_by", sa.Uuid()),
        owned_foreign_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        # What was said is never changed.
        grants="select, insert, delete",
    )
    for name, *columns in (("created_at", "created_at", "id"), ("said_at", "purpose", "channel", "said_at")):
        op.create_index(
            f"contacts_consent_statement_{name}_idx",
            "contacts_consent_statement",
            ["agency_id", "contact_id", *columns],
        )
    owned_table(
        "contacts_consent",
        *_said(),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("given_for", sa.Text()),
        sa.Column("asked_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("agency_id", "contact_id", "purpose", "channel"),
        owned_foreign_key("contact_id", "contacts_contact", ondelete="CASCADE"),
    )
    op.create_index("contacts_consent_given_for_idx", "contacts_consent", ["agency_id", "given_for", "contact_id"])


def downgrade() -> None:
    """Drop them."""
    drop_owned_table("contacts_consent")
    drop_owned_table("contacts_consent_statement")


def _said() -> list[sa.Column[Any]]:
    return [
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("purpose", "channel", "state", "basis", "source")),
        sa.Column("wording", sa.Text()),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
    ]
