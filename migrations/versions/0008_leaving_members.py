"""Invitations, members who leave, operators of the platform, and who acts as somebody else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_index, owned_table

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Everything new; members there are stay as they are."""
    _invitations()
    _impersonations()
    _operators()
    op.create_index("core_membership_reports_to_idx", "core_membership", ["agency_id", "reports_to"])


def downgrade() -> None:
    """Forget it again. Whoever has left counts as suspended: they must not come back by this."""
    op.execute("UPDATE core_membership SET state = 'suspended' WHERE state = 'left'")
    op.drop_index("core_membership_reports_to_idx", "core_membership")
    op.drop_table("core_operator")
    drop_owned_table("core_impersonation")
    drop_owned_table("core_invitation")


def _invitations() -> None:
    owned_table(
        "core_invitation",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("roles", JSONB(), nullable=False),
        sa.Column("teams", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("invited_by", sa.Uuid()),
        sa.Column("user_id", sa.Uuid()),
        owned_foreign_key("invited_by", "core_membership", "user_id", ondelete="SET NULL (invited_by)"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="SET NULL (user_id)"),
    )
    owned_index("core_invitation", "created_at", "id")
    owned_index("core_invitation", "state", "created_at", "id")
    owned_index("core_invitation", "email", unique=True, where="state = 'pending'")


def _impersonations() -> None:
    owned_table(
        "core_impersonation",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("impersonator_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("by_operator", sa.Boolean(), nullable=False),
        sa.Column("role", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.UniqueConstraint("agency_id", "session_id"),
        grants="select, insert, update",
        system="select, insert, update",
    )
    owned_index("core_impersonation", "created_at", "id")


def _operators() -> None:
    op.create_table(
        "core_operator",
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("granted_at", INSTANT, nullable=False),
    )
    op.execute(f'GRANT select, insert, delete ON "core_operator" TO "{op.get_context().opts["system_role"]}"')
