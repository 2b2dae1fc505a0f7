"""Second factors: authenticator apps, recovery codes and passkeys, and who must have one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TABLES = ("core_totp", "core_recovery_code", "core_passkey")


def upgrade() -> None:
    """Add the factors of people, which only the system role touches, and the rules of agencies and roles."""
    _totp()
    _recovery_codes()
    _passkeys()
    role = op.get_context().opts["system_role"]
    for table in TABLES:
        op.execute(f'GRANT select, insert, update, delete ON "{table}" TO "{role}"')
    # The defaults stay: the release before this one goes on making rows while it is replaced.
    for table in ("core_role", "core_agency"):
        op.add_column(table, _flag("second_factor_required", sa.false()))
    op.add_column("core_user", _flag("second_factor", sa.false()))
    # Until now no password was shorter than 15 characters.
    op.add_column("core_credential", _flag("password_is_long", sa.true()))


def downgrade() -> None:
    """Forget the factors; the seeds of authenticator apps are gone for good."""
    op.drop_column("core_credential", "password_is_long")
    op.drop_column("core_user", "second_factor")
    for table in ("core_agency", "core_role"):
        op.drop_column(table, "second_factor_required")
    for table in reversed(TABLES):
        op.drop_table(table)


def _flag(name: str, default: sa.ColumnElement[bool]) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=default)


def _totp() -> None:
    op.create_table(
        "core_totp",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("core_user.id", ondelete="CASCADE"), nullable=False, unique=True),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT),
    )


def _recovery_codes() -> None:
    op.create_table(
        "core_recovery_code",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("core_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, unique=True),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("core_recovery_code_user_id_idx", "core_recovery_code", ["user_id"])


def _passkeys() -> None:
    op.create_table(
        "core_passkey",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("core_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("transports", JSONB(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT),
    )
    op.create_index("core_passkey_user_id_idx", "core_passkey", ["user_id"])
