"""Leads with their tags, notes and status history."""

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


def upgrade() -> None:
    """Create the tables."""
    _leads()
    owned_table(
        "leads_tag",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.UniqueConstraint("agency_id", "lead_id", "tag"),
        owned_foreign_key("lead_id", "leads_lead", ondelete="CASCADE"),
    )
    op.create_index("leads_tag_tag_idx", "leads_tag", ["agency_id", "tag", "lead_id"])
    owned_table(
        "leads_status_change",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("from_status", sa.Text()),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("seconds_in_status", sa.BigInteger()),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("note", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("manual", sa.Boolean(), nullable=False),
        owned_foreign_key("lead_id", "leads_lead", ondelete="CASCADE"),
        grants="select, insert",
    )
    owned_table(
        "leads_note",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        owned_foreign_key("lead_id", "leads_lead", ondelete="CASCADE"),
    )
    for table in ("leads_status_change", "leads_note"):
        op.create_index(f"{table}_created_at_idx", table, ["agency_id", "lead_id", "created_at", "id"])


def downgrade() -> None:
    """Drop them, dependants first."""
    for table in ("leads_note", "leads_status_change", "leads_tag", "leads_lead"):
        drop_owned_table(table)


def _leads() -> None:
    owned_table(
        "leads_lead",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_since", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("utm", JSONB()),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("brand_id", sa.Uuid()),
        sa.Column("language", sa.Text()),
        sa.Column("zone", sa.Text()),
        sa.Column("nationality", sa.Text()),
        sa.Column("residency", sa.Text()),
        *_intent(),
        sa.Column("value_minor", sa.BigInteger()),
        sa.Column("value_currency", sa.Text()),
        sa.Column("probability", sa.BigInteger()),
        sa.Column("expected_close", sa.Date()),
        sa.Column("next_action_at", INSTANT),
        sa.Column("own_action_at", INSTANT),
        sa.Column("next_task_at", INSTANT),
        sa.Column("hold_until", sa.Date()),
        sa.Column("lost_reason", sa.Text()),
        sa.Column("recycle_on", sa.Date()),
        sa.Column("deleted_at", INSTANT),
        sa.Column(
            "sort_start",
            sa.Date(),
            sa.Computed("COALESCE(start_date, '9999-12-31'::date)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "sort_next_action",
            INSTANT,
            sa.Computed("COALESCE(next_action_at, '9999-12-31 00:00:00+00'::timestamp with time zone)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "needs_action",
            sa.Boolean(),
            sa.Computed("status NOT IN ('won', 'lost') AND next_action_at IS NULL", persisted=True),
            nullable=False,
        ),
        sa.UniqueConstraint("agency_id", "reference"),
        owned_foreign_key("contact_id", "contacts_contact"),
        owned_foreign_key("owner_id", "core_membership", "user_id", ondelete="SET NULL (owner_id)"),
        owned_foreign_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
        owned_foreign_key("brand_id", "core_brand", ondelete="SET NULL (brand_id)"),
    )
    for column in ("created_at", "updated_at", "sort_start", "sort_next_action"):
        op.create_index(f"leads_lead_{column}_idx", "leads_lead", ["agency_id", column, "id"])
    for column in ("status", "owner_id", "team_id", "contact_id", "needs_action"):
        op.create_index(f"leads_lead_{column}_idx", "leads_lead", ["agency_id", column, "created_at", "id"])


def _intent() -> list[sa.Column[object]]:
    return [
        sa.Column("destinations", JSONB(), nullable=False),
        sa.Column("departure_city", sa.Text()),
        sa.Column("date_mode", sa.Text()),
        sa.Column("start_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.Column("flex_days", sa.BigInteger()),
        sa.Column("nights", sa.BigInteger()),
        sa.Column("adults", sa.BigInteger()),
        sa.Column("children_ages", JSONB(), nullable=False),
        sa.Column("infants", sa.BigInteger(), nullable=False),
        sa.Column("rooms", sa.BigInteger()),
        sa.Column("budget_minor", sa.BigInteger()),
        sa.Column("budget_currency", sa.Text()),
        sa.Column("budget_per", sa.Text()),
        sa.Column("hotel_category", sa.BigInteger()),
        sa.Column("board", sa.Text()),
        sa.Column("pace", sa.Text()),
        sa.Column("interests", JSONB(), nullable=False),
        sa.Column("occasion", sa.Text()),
        sa.Column("restrictions", sa.Text()),
    ]
