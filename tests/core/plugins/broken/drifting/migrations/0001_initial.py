"""One table."""

from __future__ import annotations

from core.sdk.migrations import drop_owned_table, owned_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create it."""
    owned_table("drifting_note")


def downgrade() -> None:
    """Drop it."""
    drop_owned_table("drifting_note")
