"""Legal holds, retention, and what the log tells about a request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the log tell where a fact came from."""
    _audit()
    _privacy()


def downgrade() -> None:
    """Forget it again. What was sealed with it can then no longer be verified."""
    for name in ("name", "actor_id", "impersonator_id", "ip"):
        op.drop_index(f"core_event_{name}_idx", "core_event")
    for column in ("form", "ip", "user_agent", "impersonator_id", "key_id", "reason"):
        op.drop_column("core_event", column)


def _audit() -> None:
    table = "core_event"
    # The default stays: what the release before writes meanwhile is of the first form.
    op.add_column(table, sa.Column("form", sa.BigInteger(), nullable=False, server_default="1"))
    for name in ("ip", "user_agent", "reason"):
        op.add_column(table, sa.Column(name, sa.Text()))
    for name in ("impersonator_id", "key_id"):
        op.add_column(table, sa.Column(name, sa.Uuid()))
    for name in ("name", "actor_id"):
        op.create_index(f"core_event_{name}_idx", table, ["agency_id", name, "occurred_at", "id"])
    for name in ("impersonator_id", "ip"):
        op.create_index(
            f"core_event_{name}_idx",
            table,
            ["agency_id", name, "occurred_at", "id"],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )


def _privacy() -> None:
    """Nothing yet."""
