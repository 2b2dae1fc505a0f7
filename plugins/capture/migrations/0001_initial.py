"""Forms, hooks, and what comes in by them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
INDEXES = {
    "created_at": ("created_at", "id"),
    "state": ("state", "created_at", "id"),
    "channel": ("channel", "created_at", "id"),
    "form_id": ("form_id", "created_at", "id"),
    "form_state": ("form_id", "state", "created_at", "id"),
    "hook_id": ("hook_id", "created_at", "id"),
    "hook_state": ("hook_id", "state", "created_at", "id"),
    "contact_id": ("contact_id",),
    "lead_id": ("lead_id",),
    "fingerprint": ("fingerprint", "created_at"),
}


def upgrade() -> None:
    """Create the tables."""
    _source(
        "capture_form",
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("intro", sa.Text(), nullable=False),
        sa.Column("button", sa.Text()),
        sa.Column("thanks", sa.Text(), nullable=False),
        sa.Column("redirect_url", sa.Text()),
        sa.Column("color", sa.Text()),
        sa.Column("fields", JSONB(), nullable=False),
        sa.Column("consents", JSONB(), nullable=False),
        sa.Column("origins", JSONB(), nullable=False),
        sa.Column("min_seconds", sa.BigInteger(), nullable=False),
        sa.Column("needs_token", sa.Boolean(), nullable=False),
        sa.Column("captcha_provider", sa.Text()),
        sa.Column("captcha_site_key", sa.Text()),
        sa.Column("captcha_url", sa.Text()),
        sa.Column("captcha_secret", sa.Text()),
    )
    _source(
        "capture_hook",
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("id_header", sa.Text()),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text()),
        sa.Column("previous_secret_until", INSTANT),
        sa.Column("mapping", JSONB(), nullable=False),
    )
    owned_table(
        "capture_submission",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("form_id", sa.Uuid()),
        sa.Column("hook_id", sa.Uuid()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("sender", sa.Text()),
        sa.Column("fingerprint", sa.Text()),
        sa.Column("payload", sa.Text()),
        sa.Column("faults", JSONB(), nullable=False),
        sa.Column("contact_id", sa.Uuid()),
        sa.Column("lead_id", sa.Uuid()),
        sa.Column("known", sa.Boolean(), nullable=False),
        owned_foreign_key("form_id", "capture_form", ondelete="SET NULL (form_id)"),
        owned_foreign_key("hook_id", "capture_hook", ondelete="SET NULL (hook_id)"),
        owned_foreign_key("contact_id", "contacts_contact", ondelete="SET NULL (contact_id)"),
        owned_foreign_key("lead_id", "leads_lead", ondelete="SET NULL (lead_id)"),
    )
    for name, columns in INDEXES.items():
        op.create_index(f"capture_submission_{name}_idx", "capture_submission", ["agency_id", *columns])
    owned_table(
        "capture_sender",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        owned_foreign_key("submission_id", "capture_submission", ondelete="CASCADE"),
    )
    for name, columns in (("submission_id", ("submission_id",)), ("address", ("address", "submission_id"))):
        op.create_index(f"capture_sender_{name}_idx", "capture_sender", ["agency_id", *columns])


def _source(table: str, *columns: sa.Column[object]) -> None:
    owned_table(
        table,
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        *columns,
        sa.Column("brand_id", sa.Uuid()),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("defaults", JSONB(), nullable=False),
        sa.Column("failing_since", INSTANT),
        sa.Column("deleted_at", INSTANT),
        sa.UniqueConstraint("agency_id", "key"),
        owned_foreign_key("brand_id", "core_brand", ondelete="SET NULL (brand_id)"),
        owned_foreign_key("owner_id", "core_membership", "user_id", ondelete="SET NULL (owner_id)"),
        owned_foreign_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
    )
    for name in ("created_at", "name"):
        op.create_index(f"{table}_{name}_idx", table, ["agency_id", name, "id"])


def downgrade() -> None:
    """Drop them."""
    for table in ("capture_sender", "capture_submission", "capture_hook", "capture_form"):
        drop_owned_table(table)
