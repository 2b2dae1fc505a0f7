"""What was written down about a step can be erased; what happened stays as it was."""

from __future__ import annotations

from core.sdk.migrations import allow_update, forbid_update

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLE = "leads_status_change"


def upgrade() -> None:
    """Let the application change the note alone; an UPDATE that leaves `updated_at` as it is names it, too."""
    allow_update(_TABLE, "note", "updated_at")


def downgrade() -> None:
    """Take it back."""
    forbid_update(_TABLE, "note", "updated_at")
