"""Leads on hold, and lost ones to be asked again, are told of on their day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the day; of those whose day is over somebody is told the next morning."""
    op.add_column("leads_lead", sa.Column("back_on", sa.Date()))
    op.execute("UPDATE leads_lead SET back_on = COALESCE(hold_until, recycle_on) WHERE status IN ('on_hold', 'lost')")
    back = sa.text("back_on IS NOT NULL")
    op.create_index("leads_lead_back_on_idx", "leads_lead", ["agency_id", "back_on", "id"], postgresql_where=back)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("leads_lead_back_on_idx", "leads_lead")
    op.drop_column("leads_lead", "back_on")
