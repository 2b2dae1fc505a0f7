"""Streams, numbered events with seals and followers, the job ledger with its schedules, and the revocation feed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
PLATFORM = "00000000-0000-0000-0000-000000000000"


def upgrade() -> None:
    """Create the tables and number the events there are."""
    _streams()
    _events()
    _jobs()
    _revocations()


def downgrade() -> None:
    """Drop them again; the events stay, without their numbers."""
    op.drop_column("core_event", "seq")
    for table in (
        "core_revocation",
        "core_schedule",
        "core_job",
        "core_follower",
        "core_event_seal",
        "core_stream_head",
    ):
        op.execute(f'DROP TABLE "{table}" CASCADE')


def _agency(*, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=nullable)


def _streams() -> None:
    op.create_table(
        "core_stream_head",
        # No key to core_agency: the platform has streams too.
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "scope"),
    )
    protect("core_stream_head", grants="select, insert, update", system="select, insert, update")
    # Whoever ends a session or changes a role counts in the platform's feed.
    feed = f"agency_id = '{PLATFORM}' AND scope = 'revocations'"
    role = op.get_context().opts["app_role"]
    op.execute(
        f'CREATE POLICY "core_stream_head_feed" ON "core_stream_head" TO "{role}" USING ({feed}) WITH CHECK ({feed})'
    )


def _events() -> None:
    op.add_column("core_event", sa.Column("seq", sa.BigInteger()))
    op.execute(
        "UPDATE core_event e SET seq = n.seq FROM (SELECT id, row_number() OVER"
        " (PARTITION BY agency_id ORDER BY occurred_at, id) AS seq FROM core_event) n WHERE n.id = e.id"
    )
    op.execute(
        "INSERT INTO core_stream_head (agency_id, scope, seq)"
        " SELECT agency_id, 'events', max(seq) FROM core_event GROUP BY agency_id"
    )
    op.alter_column("core_event", "seq", nullable=False)
    op.create_unique_constraint("core_event_agency_id_seq_key", "core_event", ["agency_id", "seq"])
    op.create_table(
        "core_event_seal",
        _agency(),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "seq"),
    )
    # The heads of all chains are noted elsewhere every day.
    protect("core_event_seal", grants="select, insert", system="select")
    op.create_table(
        "core_follower",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _agency(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("build", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("retry_at", INSTANT),
        sa.Column("last_error", sa.Text()),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.UniqueConstraint("agency_id", "name", "build"),
    )
    op.create_index(
        "core_follower_live_idx",
        "core_follower",
        ["agency_id", "name"],
        unique=True,
        postgresql_where=sa.text("live"),
    )
    # Who lags behind is asked across agencies.
    protect("core_follower", system="select")


def _jobs() -> None:
    op.create_table(
        "core_job",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _agency(nullable=True),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("run_at", INSTANT, nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("unique_key", sa.Text()),
        sa.Column("progress", JSONB()),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("request_id", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("finished_at", INSTANT),
    )
    line = ("queue", "agency_id", "priority", "run_at")
    _index("core_job_waiting_idx", "core_job", *line, where="state = 'queued' AND due")
    _index("core_job_later_idx", "core_job", "run_at", where="state = 'queued' AND NOT due")
    _index("core_job_running_idx", "core_job", "queue", "agency_id", where="state = 'running'")
    op.create_index(
        "core_job_unique_key_idx",
        "core_job",
        ["agency_id", "name", "unique_key"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("unique_key IS NOT NULL AND state IN ('queued', 'running')"),
    )
    _index("core_job_created_at_idx", "core_job", "agency_id", "created_at", "id")
    _index("core_job_state_idx", "core_job", "agency_id", "state", "created_at", "id")
    person = ("agency_id", "user_id", "created_at", "id")
    _index("core_job_user_id_idx", "core_job", *person, where="user_id IS NOT NULL")
    _index("core_job_finished_at_idx", "core_job", "finished_at", where="finished_at IS NOT NULL")
    # Every job is three versions of its row within a second: the dead ones must not pile up in the indexes.
    op.execute("ALTER TABLE core_job SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)")
    protect("core_job", grants="select, insert, update", system="select, insert, update, delete")
    op.create_table(
        "core_schedule",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _agency(nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
    )
    op.create_index(
        "core_schedule_name_idx",
        "core_schedule",
        ["agency_id", "name"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("core_schedule_next_at_idx", "core_schedule", ["next_at"])
    protect("core_schedule", grants="select, insert", system="select, insert, update, delete")


def _revocations() -> None:
    op.create_table(
        "core_revocation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _agency(),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("core_revocation_seq_idx", "core_revocation", ["seq"])
    op.create_index("core_revocation_created_at_idx", "core_revocation", ["created_at"])
    protect("core_revocation", grants="insert", system="select, insert, delete")


def _index(name: str, table: str, *columns: str, where: str = "") -> None:
    options: dict[str, Any] = {"postgresql_where": sa.text(where)} if where else {}
    op.create_index(name, table, list(columns), **options)
