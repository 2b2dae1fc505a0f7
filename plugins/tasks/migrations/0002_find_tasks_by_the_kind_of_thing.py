"""Tasks about one kind of thing are found by index, also where there are none."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("tasks_task_subject_idx", "tasks_task", ["agency_id", "subject", "sort_due", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("tasks_task_subject_idx", table_name="tasks_task")
