"""How sessions were proven and who really acts in them, rings of keys, and tokens that are good once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Extend the sessions; those there are count as proven when they were opened."""
    _sessions()
    _one_time_tokens()
    _keys()
    role = op.get_context().opts["system_role"]
    for table in ("core_one_time_token", "core_ring_key"):
        op.execute(f'GRANT select, insert, update, delete ON "{table}" TO "{role}"')


def downgrade() -> None:
    """Forget it again."""
    op.drop_table("core_ring_key")
    op.drop_table("core_one_time_token")
    for index in ("expires_at", "live_agency_id"):
        op.drop_index(f"core_auth_session_{index}_idx")
    for column in ("audience", "methods", "proven_at", "last_seen_at", "impersonator_id", "parent_id"):
        op.drop_column("core_auth_session", column)


def _sessions() -> None:
    table = "core_auth_session"
    op.add_column(table, sa.Column("audience", sa.Text(), nullable=False, server_default="staff"))
    op.add_column(table, sa.Column("methods", JSONB(), nullable=False, server_default="[]"))
    op.add_column(table, sa.Column("proven_at", INSTANT))
    op.add_column(table, sa.Column("last_seen_at", INSTANT))
    op.add_column(table, sa.Column("impersonator_id", sa.Uuid()))
    op.add_column(table, sa.Column("parent_id", sa.Uuid()))
    op.execute("UPDATE core_auth_session SET proven_at = created_at, last_seen_at = rotated_at")
    for column in ("proven_at", "last_seen_at"):
        op.alter_column(table, column, nullable=False)
    for column in ("audience", "methods"):
        op.alter_column(table, column, server_default=None)
    op.create_index("core_auth_session_expires_at_idx", table, ["expires_at"])
    live, helped = sa.text("revoked_at IS NULL"), sa.text("impersonator_id IS NOT NULL")
    op.create_index("core_auth_session_live_agency_id_idx", table, ["agency_id"], postgresql_where=live)
    op.create_index("core_auth_session_impersonator_id_idx", table, ["impersonator_id"], postgresql_where=helped)
    followed = sa.text("parent_id IS NOT NULL")
    op.create_index("core_auth_session_parent_id_idx", table, ["parent_id"], postgresql_where=followed)


def _one_time_tokens() -> None:
    op.create_table(
        "core_one_time_token",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, unique=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("core_user.id", ondelete="CASCADE")),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE")),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    )
    op.create_index("core_one_time_token_user_id_purpose_idx", "core_one_time_token", ["user_id", "purpose"])
    op.create_index("core_one_time_token_expires_at_idx", "core_one_time_token", ["expires_at"])


def _keys() -> None:
    op.create_table(
        "core_ring_key",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("ring", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index(
        "core_ring_key_current_idx", "core_ring_key", ["ring"], unique=True, postgresql_where=sa.text("current")
    )
    op.create_index("core_ring_key_ring_idx", "core_ring_key", ["ring"])
