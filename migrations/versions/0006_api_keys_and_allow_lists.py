"""API keys, lists of allowed networks, and what was used of daily quotas."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _api_keys()
    _allow_lists()
    _quotas()


def downgrade() -> None:
    """Drop them again."""
    for table in ("core_quota_use", "core_allow_list", "core_api_key"):
        drop_owned_table(table)


def _api_keys() -> None:
    owned_table(
        "core_api_key",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("previous_digest", sa.Text()),
        sa.Column("previous_until", INSTANT),
        sa.Column("scopes", JSONB(), nullable=False),
        sa.Column("networks", JSONB(), nullable=False),
        sa.Column("rate_limit", sa.Text()),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("rotated_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoked_because", sa.Text()),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
        # Whoever sends a key has no agency yet; when it was used is noted beside the request.
        system="select, update (last_used_at), delete",
    )
    op.create_index("core_api_key_created_at_idx", "core_api_key", ["agency_id", "created_at", "id"])
    op.create_index("core_api_key_user_id_idx", "core_api_key", ["agency_id", "user_id"])


def _allow_lists() -> None:
    owned_table(
        "core_allow_list",
        sa.Column("role_id", sa.Uuid()),
        sa.Column("networks", JSONB(), nullable=False),
        sa.UniqueConstraint("agency_id", "role_id", postgresql_nulls_not_distinct=True),
        owned_foreign_key("role_id", "core_role", ondelete="CASCADE"),
        # Asked at every entrance, before the agency is acted in.
        system="select",
    )
    op.create_index("core_allow_list_created_at_idx", "core_allow_list", ["agency_id", "created_at", "id"])


def _quotas() -> None:
    owned_table(
        "core_quota_use",
        sa.Column("quota", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("per_day", sa.BigInteger()),
        sa.UniqueConstraint("agency_id", "quota"),
    )
