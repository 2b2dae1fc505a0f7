"""Sign-in through an agency's own identity provider, by OpenID Connect."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the providers, the domains they may vouch for, and who is who with them."""
    owned_table(
        "core_identity_provider",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.Text()),
        sa.Column("email_domains", JSONB(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("new_member_role", sa.Text()),
        sa.Column("trusts_second_factor", sa.Boolean(), nullable=False),
        sa.Column("vouches_for_owners", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("agency_id", "name"),
        # Whoever signs in names a provider, and acts in no agency yet.
        system="select",
    )
    _listed("core_identity_provider")
    owned_table(
        "core_email_domain",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("proven_by", sa.Text()),
        sa.Column("proven_at", sa.DateTime(timezone=True)),
        sa.Column("last_check", sa.Text()),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("found_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("agency_id", "domain"),
    )
    _listed("core_email_domain")
    owned_table(
        "core_identity_link",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.UniqueConstraint("agency_id", "provider_id", "subject"),
        sa.UniqueConstraint("agency_id", "provider_id", "user_id"),
        owned_foreign_key("provider_id", "core_identity_provider", ondelete="CASCADE"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
    )
    _listed("core_identity_link")
    op.create_index("core_identity_link_user_id_idx", "core_identity_link", ["agency_id", "user_id"])


def downgrade() -> None:
    """Drop them again; members sign in as they did before."""
    for table in ("core_identity_link", "core_email_domain", "core_identity_provider"):
        drop_owned_table(table)


def _listed(table: str) -> None:
    op.create_index(f"{table}_created_at_idx", table, ["agency_id", "created_at", "id"])
