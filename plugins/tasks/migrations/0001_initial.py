"""Tasks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TABLE = "tasks_task"
INDEXES = {
    "sort_due": ("sort_due", "id"),
    "created_at": ("created_at", "id"),
    "state": ("state", "sort_due", "id"),
    "owner_id": ("owner_id", "state", "sort_due", "id"),
    "team_id": ("team_id", "sort_due", "id"),
    "subject_id": ("subject_id", "state", "sort_due", "id"),
    "about": ("subject_id", "created_at", "id"),
}


def upgrade() -> None:
    """Create the table."""
    owned_table(
        TABLE,
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("subject", sa.Text()),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("due_on", sa.Date()),
        sa.Column("due_time", sa.Text()),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("snoozed_until", INSTANT),
        sa.Column("remind_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.Column("rrule", sa.Text()),
        sa.Column("series_id", sa.Uuid()),
        sa.Column("series_start", sa.Date()),
        sa.Column("occurs_on", sa.Date()),
        sa.Column(
            "sort_due",
            INSTANT,
            sa.Computed("COALESCE(due_at, '9999-12-31 00:00:00+00'::timestamp with time zone)", persisted=True),
            nullable=False,
        ),
        sa.UniqueConstraint("agency_id", "series_id", "occurs_on"),
        owned_foreign_key("owner_id", "core_membership", "user_id", ondelete="SET NULL (owner_id)"),
        owned_foreign_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
    )
    for name, columns in INDEXES.items():
        op.create_index(f"{TABLE}_{name}_idx", TABLE, ["agency_id", *columns])
    # Nothing but what somebody is still to be told of: the clock asks every few minutes.
    waiting = sa.text("remind_at IS NOT NULL")
    op.create_index(f"{TABLE}_remind_at_idx", TABLE, ["agency_id", "remind_at", "id"], postgresql_where=waiting)


def downgrade() -> None:
    """Drop it."""
    drop_owned_table(TABLE)
