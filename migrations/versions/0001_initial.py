"""Agencies, people, roles, sessions, events, search, numbers and idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import owned_foreign_key, owned_table, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the core's tables."""
    _agencies()
    _people()
    _roles()
    _credentials()
    _log_and_search()
    _housekeeping()


def downgrade() -> None:
    """Drop them again, dependants first."""
    for table in (
        "core_idempotency",
        "core_number_series",
        "core_search_token",
        "core_event",
        "core_auth_session",
        "core_credential",
        "core_role_permission",
        "core_membership_role",
        "core_role",
        "core_team_member",
        "core_team",
        "core_user",
        "core_membership",
        "core_plugin_switch",
        "core_brand",
        "core_agency",
    ):
        op.execute(f'DROP TABLE "{table}" CASCADE')


def _agencies() -> None:
    op.create_table(
        "core_agency",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("slug", sa.Text(), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("country", sa.Text()),
        sa.Column("suspended_at", INSTANT),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    protect("core_agency", column="id", grants="select, insert, update", system="select")
    owned_table(
        "core_brand",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("website", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.UniqueConstraint("agency_id", "code"),
    )
    op.create_index("core_brand_created_at_idx", "core_brand", ["agency_id", "created_at", "id"])
    op.create_index("core_brand_name_idx", "core_brand", ["agency_id", "name", "id"])
    owned_table(
        "core_plugin_switch",
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("agency_id", "plugin"),
        system="select",
    )


def _people() -> None:
    op.create_table(
        "core_user",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.Text(), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("disabled_at", INSTANT),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    owned_table(
        "core_membership",
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("core_user.id"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reports_to", sa.Uuid()),
        sa.UniqueConstraint("agency_id", "user_id"),
        system="select",
    )
    op.create_foreign_key(
        None,
        "core_membership",
        "core_membership",
        ["agency_id", "reports_to"],
        ["agency_id", "user_id"],
        ondelete="SET NULL (reports_to)",
    )
    op.create_index("core_membership_created_at_idx", "core_membership", ["agency_id", "created_at", "id"])
    _show_colleagues_only()
    owned_table(
        "core_team",
        sa.Column("name", sa.Text(), nullable=False),
        sa.UniqueConstraint("agency_id", "name"),
    )
    op.create_index("core_team_created_at_idx", "core_team", ["agency_id", "created_at", "id"])
    owned_table(
        "core_team_member",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.UniqueConstraint("agency_id", "team_id", "user_id"),
        owned_foreign_key("team_id", "core_team", ondelete="CASCADE"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
        system="select",
    )


def _show_colleagues_only() -> None:
    """An identity spans agencies: the application sees those with a membership in the acting one."""
    protect("core_user", column="id", grants="select, update", system="select, insert, update")
    op.execute('DROP POLICY "core_user_agency" ON "core_user"')
    role = op.get_context().opts["app_role"]
    # EXISTS looks up one membership per person shown; IN would gather all of the agency's for every statement.
    colleague = "EXISTS (SELECT FROM core_membership m WHERE m.user_id = core_user.id)"
    op.execute(f'CREATE POLICY "core_user_agency" ON "core_user" TO "{role}" USING ({colleague})')


def _roles() -> None:
    owned_table(
        "core_role",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("built_in", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("agency_id", "code"),
        system="select",
    )
    op.create_index("core_role_created_at_idx", "core_role", ["agency_id", "created_at", "id"])
    op.create_index("core_role_name_idx", "core_role", ["agency_id", "name", "id"])
    owned_table(
        "core_membership_role",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.UniqueConstraint("agency_id", "user_id", "role_id"),
        owned_foreign_key("user_id", "core_membership", "user_id", ondelete="CASCADE"),
        owned_foreign_key("role_id", "core_role"),
        system="select",
    )
    owned_table(
        "core_role_permission",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.UniqueConstraint("agency_id", "role_id", "permission"),
        owned_foreign_key("role_id", "core_role", ondelete="CASCADE"),
        system="select",
    )


def _credentials() -> None:
    """Tables of the system role alone: the application's role has no grant on them."""
    op.create_table(
        "core_credential",
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
    )
    op.create_table(
        "core_auth_session",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("core_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoked_because", sa.Text()),
        sa.Column("ip", sa.Text()),
        sa.Column("user_agent", sa.Text()),
    )
    op.create_index("core_auth_session_user_id_idx", "core_auth_session", ["user_id"])
    role = op.get_context().opts["system_role"]
    for table in ("core_credential", "core_auth_session"):
        op.execute(f'GRANT select, insert, update, delete ON "{table}" TO "{role}"')


def _log_and_search() -> None:
    op.create_table(
        "core_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("request_id", sa.Text()),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("before", JSONB()),
        sa.Column("after", JSONB()),
    )
    op.create_index("core_event_subject_id_idx", "core_event", ["agency_id", "subject_id", "id"])
    op.create_index("core_event_occurred_at_idx", "core_event", ["agency_id", "occurred_at", "id"])
    # The system role records security facts that outlive a refused request.
    protect("core_event", grants="select, insert", system="insert")
    op.create_table(
        "core_search_token",
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(collation="C"), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "entity", "token", "entity_id"),
    )
    op.create_index("core_search_token_entity_id_idx", "core_search_token", ["agency_id", "entity", "entity_id"])
    protect("core_search_token", grants="select, insert, delete")


def _housekeeping() -> None:
    owned_table(
        "core_number_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("agency_id", "series", "year"),
    )
    op.create_table(
        "core_idempotency",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("rights_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("headers", JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("agency_id", "principal", "route", "key"),
    )
    op.create_index("core_idempotency_created_at_idx", "core_idempotency", ["agency_id", "created_at"])
    # Update, because only who may update a row may lock it.
    protect("core_idempotency", grants="select, insert, update, delete")
