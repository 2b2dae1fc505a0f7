"""Legal holds, retention, and what the log tells about a request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_table, protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NUMBERED = ("core_event", "core_event_seal")


def upgrade() -> None:
    """Let the log tell where a fact came from, and agencies what they keep about people."""
    _audit()
    _privacy()


def downgrade() -> None:
    """Forget it again. What was sealed with it can then no longer be verified."""
    for each in NUMBERED:
        op.drop_constraint(op.f(f"{each}_seq_check"), each)
    op.execute(f"REVOKE INSERT ON core_event_seal FROM {_role('system_role')}")
    op.execute(f"GRANT INSERT ON core_event_seal TO {_role('app_role')}")
    op.drop_table("core_event_origin")
    for name in ("name", "actor_id", "impersonator_id"):
        op.drop_index(f"core_event_{name}_idx", "core_event")
    for column in ("form", "origin", "impersonator_id", "key_id"):
        op.drop_column("core_event", column)
    for table in ("core_retention_choice", "core_legal_hold", "core_privacy_request"):
        drop_owned_table(table)


def _audit() -> None:
    table = "core_event"
    # The default stays: what the release before writes meanwhile is of the first form.
    op.add_column(table, sa.Column("form", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column(table, sa.Column("origin", sa.Text()))
    for name in ("impersonator_id", "key_id"):
        op.add_column(table, sa.Column(name, sa.Uuid()))
    for name in ("name", "actor_id"):
        op.create_index(f"core_event_{name}_idx", table, ["agency_id", name, "occurred_at", "id"])
    op.create_index(
        "core_event_impersonator_id_idx",
        table,
        ["agency_id", "impersonator_id", "occurred_at", "id"],
        postgresql_where=sa.text("impersonator_id IS NOT NULL"),
    )
    _origins()

    # Whoever may write facts may not write seals; and a number below the first would never be looked at.
    op.execute(f"REVOKE INSERT ON core_event_seal FROM {_role('app_role')}")
    op.execute(f"GRANT INSERT ON core_event_seal TO {_role('system_role')}")
    for each in NUMBERED:
        op.create_check_constraint(op.f(f"{each}_seq_check"), each, "seq > 0")


def _origins() -> None:
    op.create_table(
        "core_event_origin",
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("ip", "user_agent", "reason")),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "event_id"),
    )
    for name in ("ip", "reason"):
        op.create_index(
            f"core_event_origin_{name}_idx",
            "core_event_origin",
            ["agency_id", *(["ip"] if name == "ip" else []), "event_id"],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    # It can be forgotten, never changed.
    protect("core_event_origin", grants="select, insert, delete", system="insert")


def _role(option: str) -> str:
    context = op.get_context()
    return context.dialect.identifier_preparer.quote(context.opts[option])


def _privacy() -> None:
    owned_table(
        "core_privacy_request",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid()),
        sa.Column("finished_at", INSTANT),
        sa.Column("manifest", JSONB()),
        sa.Column("bundle", sa.Text()),
        sa.Column("expires_at", INSTANT),
        # How long requests wait is asked of all agencies at once.
        system="select",
    )
    op.create_index(
        "core_privacy_request_queued_idx",
        "core_privacy_request",
        ["created_at"],
        postgresql_where=sa.text("state = 'queued'"),
    )
    owned_table(
        "core_legal_hold",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("placed_by", sa.Uuid()),
        sa.Column("released_at", INSTANT),
        # An identity is above the agencies: who holds it is asked of all of them.
        system="select",
    )
    for table, columns in (
        ("core_privacy_request", ("kind", "state", "subject_id")),
        ("core_legal_hold", ("subject_id",)),
    ):
        op.create_index(f"{table}_created_at_idx", table, ["agency_id", "created_at", "id"])
        for column in columns:
            op.create_index(f"{table}_{column}_idx", table, ["agency_id", column, "created_at", "id"])
    standing = sa.text("released_at IS NULL")
    op.create_index(
        "core_legal_hold_standing_idx", "core_legal_hold", ["agency_id", "subject"], postgresql_where=standing
    )
    owned_table(
        "core_retention_choice",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("days", sa.BigInteger()),
        sa.Column("previous_days", sa.BigInteger()),
        sa.Column("since", INSTANT, nullable=False),
        sa.UniqueConstraint("agency_id", "rule"),
    )
