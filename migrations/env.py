"""Runs the history of one owner, the core or a plugin, on the connection `tripfile db` hands over."""

from __future__ import annotations

from typing import Any

from alembic import context

from core.db import autogenerate

given: dict[str, Any] = context.config.attributes
if "connection" not in given:
    raise SystemExit('Migrations run with "tripfile db upgrade", which knows the owners and their order.')

context.configure(
    connection=given["connection"],
    target_metadata=given["metadata"],
    version_table=f"{given['owner']}_alembic_version",
    app_role=given["app_role"],
    system_role=given["system_role"],
    include_name=autogenerate.only_names_of(given["owner"], given["owners"]),
    include_object=autogenerate.only_tables_of(given["owner"], given["owners"]),
    process_revision_directives=autogenerate.write_owned_tables,
    on_version_apply=given["on_version_apply"],
    compare_type=True,
    user_module_prefix="sa.",
)

with context.begin_transaction():
    context.run_migrations()
