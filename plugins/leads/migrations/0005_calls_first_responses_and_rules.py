"""Logged calls, when clients are to hear of the agency first, and who gets incoming leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


_RESPONSE_ORDER = (
    "CASE WHEN response_due_at IS NOT NULL AND response_state IN ('pending', 'overdue') THEN response_due_at"
    " ELSE '9999-12-31 00:00:00+00'::timestamp with time zone END"
)


def upgrade() -> None:
    """Nobody has called yet, nothing is due, and there are no rules."""
    _calls()
    _first_responses()
    _rules()


def _calls() -> None:
    op.add_column("leads_lead", sa.Column("next_action", sa.Text()))
    owned_table(
        "leads_call",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("duration_seconds", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("next_action_at", INSTANT),
        sa.Column("next_action", sa.Text()),
        owned_foreign_key("lead_id", "leads_lead", ondelete="CASCADE"),
    )
    op.create_index("leads_call_at_idx", "leads_call", ["agency_id", "lead_id", "at", "id"])


def _first_responses() -> None:
    op.add_column("leads_lead", sa.Column("priority", sa.Text(), nullable=False, server_default="normal"))
    op.add_column("leads_lead", sa.Column("response_due_at", INSTANT))
    op.add_column("leads_lead", sa.Column("responded_at", INSTANT))
    op.add_column("leads_lead", sa.Column("response_minutes", sa.BigInteger()))
    op.add_column("leads_lead", sa.Column("response_state", sa.Text()))
    order = sa.Column("sort_response", INSTANT, sa.Computed(_RESPONSE_ORDER, persisted=True), nullable=False)
    op.add_column("leads_lead", order)
    op.create_index("leads_lead_sort_response_idx", "leads_lead", ["agency_id", "sort_response", "id"])
    op.create_index(
        "leads_lead_response_state_idx",
        "leads_lead",
        ["agency_id", "response_state", "response_due_at", "id"],
        postgresql_where=sa.text("response_state IS NOT NULL"),
    )
    owned_table(
        "leads_response_targets",
        *(sa.Column(name, sa.BigInteger()) for name in ("urgent", "high", "normal", "low")),
        sa.UniqueConstraint("agency_id"),
    )


def _rules() -> None:
    op.add_column("leads_lead", sa.Column("assigned_because", JSONB()))
    op.create_index("leads_lead_load_idx", "leads_lead", ["agency_id", "owner_id", "status"])
    owned_table(
        "leads_assignment_rule",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("conditions", JSONB(), nullable=False),
        sa.Column("method", sa.Text()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("role", sa.Text()),
        sa.Column("user_ids", JSONB(), nullable=False),
        sa.Column("only_at_work", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Text()),
        sa.Column("turns", JSONB(), nullable=False),
        owned_foreign_key("team_id", "core_team", ondelete="CASCADE"),
    )
    op.create_index("leads_assignment_rule_position_idx", "leads_assignment_rule", ["agency_id", "position", "id"])
    owned_table(
        "leads_skill",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("languages", JSONB(), nullable=False),
        sa.Column("destinations", JSONB(), nullable=False),
        sa.UniqueConstraint("agency_id", "user_id"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
    )
    op.create_index("leads_skill_created_at_idx", "leads_skill", ["agency_id", "created_at", "id"])


def downgrade() -> None:
    """Drop them."""
    drop_owned_table("leads_skill")
    drop_owned_table("leads_assignment_rule")
    op.drop_index("leads_lead_load_idx", "leads_lead")
    op.drop_column("leads_lead", "assigned_because")
    drop_owned_table("leads_response_targets")
    for name in ("sort_response", "response_state", "response_minutes", "responded_at", "response_due_at", "priority"):
        op.drop_column("leads_lead", name)
    drop_owned_table("leads_call")
    op.drop_column("leads_lead", "next_action")
