"""Files in storage, what each agency has used, and the logos of brands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import drop_owned_table, owned_table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has a file yet."""
    owned_table(
        "core_file",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid()),
    )
    owned_table(
        "core_storage_use",
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("agency_id"),
    )
    op.add_column("core_brand", sa.Column("logo_id", sa.Uuid()))
    op.create_foreign_key(
        "core_brand_agency_id_logo_id_fkey",
        "core_brand",
        "core_file",
        ["agency_id", "logo_id"],
        ["agency_id", "id"],
        ondelete="SET NULL (logo_id)",
    )


def downgrade() -> None:
    """Forget it again."""
    op.drop_column("core_brand", "logo_id")
    drop_owned_table("core_storage_use")
    drop_owned_table("core_file")
