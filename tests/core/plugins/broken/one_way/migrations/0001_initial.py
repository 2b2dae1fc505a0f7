"""One table."""

from __future__ import annotations

import sqlalchemy as sa

from core.sdk.migrations import owned_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create it."""
    owned_table("one_way_note", sa.Column("body", sa.Text(), nullable=False))


def downgrade() -> None:
    """Drop it."""
