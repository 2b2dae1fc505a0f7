"""What migrations are written with: agency tables with their row-level security, composite keys, grants."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

__all__ = [
    "allow_update",
    "drop_owned_table",
    "forbid_update",
    "owned_foreign_key",
    "owned_index",
    "owned_table",
    "protect",
]

READ_WRITE = "select, insert, update, delete"
# The scalar sub-select is evaluated once per statement instead of once per row. After a local setting ends its value
# is '' rather than NULL, hence nullif.
_CURRENT_AGENCY = "(select nullif(current_setting('app.agency_id', true), '')::uuid)"


def owned_table(name: str, *columns: Any, grants: str = READ_WRITE, system: str = "") -> sa.Table:
    """Create an agency's table: id, agency_id, your columns, version, created_at, updated_at; then `protect` it."""
    table = op.create_table(
        name,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("core_agency.id", ondelete="CASCADE"), nullable=False),
        *columns,
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        # What composite foreign keys of other tables point at.
        sa.UniqueConstraint("agency_id", "id", name=f"{name}_agency_id_id_key"),
    )
    protect(name, grants=grants, system=system)
    return table


def drop_owned_table(name: str) -> None:
    """Drop a table; its policies, indexes and grants go with it."""
    op.drop_table(name)


def owned_foreign_key(
    column: str, table: str, referred: str = "id", *, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    """A foreign key that cannot point into another agency: `(agency_id, column)` to `(agency_id, referred)`.

    `ondelete="SET NULL (column)"` clears the one column and keeps agency_id.
    """
    return sa.ForeignKeyConstraint(
        ["agency_id", column], [f"{table}.agency_id", f"{table}.{referred}"], ondelete=ondelete
    )


def owned_index(table: str, *columns: str, unique: bool = False, where: str = "") -> None:
    """Index `(agency_id, *columns)`: the agency comes first because every statement filters by it."""
    every = ["agency_id", *columns]
    options: dict[str, Any] = {"postgresql_where": sa.text(where)} if where else {}
    op.create_index(f"{table}_{'_'.join(every)}_idx", table, every, unique=unique, **options)


def protect(table: str, *, grants: str = READ_WRITE, system: str = "", column: str = "agency_id") -> None:
    """Force row-level security: the application sees the rows of the acting agency, with the privileges in `grants`.

    `system` lists what the system role may do across agencies. `column` holds the agency's id.
    """
    quote = op.get_bind().dialect.identifier_preparer.quote
    target, app = quote(table), _role("app_role")
    mine = f"{quote(column)} = {_CURRENT_AGENCY}"
    op.execute(f"ALTER TABLE {target} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {target} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {quote(table + '_agency')} ON {target} TO {app} USING ({mine}) WITH CHECK ({mine})")
    # FORCE holds for the owner too; without a policy of its own a migration could not move data.
    op.execute(f"CREATE POLICY {quote(table + '_owner')} ON {target} TO CURRENT_USER USING (true) WITH CHECK (true)")
    _grant(target, app, grants)
    if system:
        role = _role("system_role")
        op.execute(f"CREATE POLICY {quote(table + '_system')} ON {target} TO {role} USING (true) WITH CHECK (true)")
        _grant(target, role, system)


def allow_update(table: str, *columns: str) -> None:
    """Let the application change these columns of a table that it may otherwise only add rows to."""
    _change_columns("GRANT UPDATE ({}) ON {} TO {}", table, columns)


def forbid_update(table: str, *columns: str) -> None:
    """Take that back."""
    _change_columns("REVOKE UPDATE ({}) ON {} FROM {}", table, columns)


def _change_columns(statement: str, table: str, columns: tuple[str, ...]) -> None:
    quote = op.get_bind().dialect.identifier_preparer.quote
    op.execute(statement.format(", ".join(map(quote, columns)), quote(table), _role("app_role")))


def _grant(table: str, role: str, privileges: str) -> None:
    if privileges:
        op.execute(f"GRANT {privileges} ON {table} TO {role}")


def _role(option: str) -> str:
    context = op.get_context()
    return context.dialect.identifier_preparer.quote(context.opts[option])
