"""Data keys of the people sensitive data is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import allow_update, protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "core_data_key",
        *_subject(),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("kek_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        *_unique(),
    )
    op.create_index("core_data_key_kek_id_idx", "core_data_key", ["agency_id", "kek_id", "id"])
    protect("core_data_key", grants="select, insert, delete")
    # Whose a key is stays as it was written.
    allow_update("core_data_key", "wrapped", "kek_id")
    # Append-only: who was erased stays erased.
    op.create_table("core_erased_subject", *_subject(), sa.Column("erased_at", INSTANT, nullable=False), *_unique())
    protect("core_erased_subject", grants="select, insert", system="select")


def downgrade() -> None:
    """Drop them: what was encrypted for people cannot be opened any more."""
    op.drop_table("core_erased_subject")
    op.drop_table("core_data_key")


def _subject() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
    )


def _unique() -> tuple[sa.UniqueConstraint, ...]:
    return (sa.UniqueConstraint("agency_id", "id"), sa.UniqueConstraint("agency_id", "subject", "subject_id"))
