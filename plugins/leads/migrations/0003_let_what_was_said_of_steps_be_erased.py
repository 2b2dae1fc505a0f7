"""What was written down about a step can be erased; what happened stays as it was."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLE, _COLUMNS = "leads_status_change", "(note, updated_at)"


def upgrade() -> None:
    """Let the application change the note alone; an UPDATE that leaves `updated_at` as it is names it, too."""
    op.execute(f"GRANT UPDATE {_COLUMNS} ON {_TABLE} TO {_app_role()}")


def downgrade() -> None:
    """Take it back."""
    op.execute(f"REVOKE UPDATE {_COLUMNS} ON {_TABLE} FROM {_app_role()}")


def _app_role() -> str:
    context = op.get_context()
    return context.dialect.identifier_preparer.quote(context.opts["app_role"])
