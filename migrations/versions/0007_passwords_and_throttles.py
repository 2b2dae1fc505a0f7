"""What counts failed sign-ins, known devices, letters to be sent, and when an address was verified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TABLES = ("core_throttle", "core_device", "core_letter")


def upgrade() -> None:
    """Add the tables, which only the system role touches; nobody's address counts as verified yet."""
    _throttles()
    _devices()
    _letters()
    role = op.get_context().opts["system_role"]
    for table in TABLES:
        op.execute(f'GRANT select, insert, update, delete ON "{table}" TO "{role}"')
    op.add_column("core_user", sa.Column("email_verified_at", INSTANT))


def downgrade() -> None:
    """Forget it again."""
    op.drop_column("core_user", "email_verified_at")
    for table in reversed(TABLES):
        op.drop_table(table)


def _throttles() -> None:
    op.create_table(
        "core_throttle",
        sa.Column("place", sa.Text(), primary_key=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("in_a_row", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", INSTANT, nullable=False),
    )
    op.create_index("core_throttle_counted_at_idx", "core_throttle", ["counted_at"])


def _devices() -> None:
    op.create_table(
        "core_device",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("core_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, unique=True),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
    )
    op.create_index("core_device_user_id_idx", "core_device", ["user_id"])
    op.create_index("core_device_used_at_idx", "core_device", ["used_at"])


def _letters() -> None:
    op.create_table(
        "core_letter",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("core_letter_created_at_idx", "core_letter", ["created_at"])
