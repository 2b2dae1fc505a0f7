"""Plugins whose tables are in the database although nobody loaded them: what they hold is not seen by anybody."""

from __future__ import annotations

from sqlalchemy import Connection, text

from core.db.ownership import CORE
from core.plugins.manager import installed

_OWNERS = text(
    "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE '%\\_alembic\\_version'"
)


def names(connection: Connection) -> list[str]:
    """Their names, in order."""
    owners = {table.removesuffix("_alembic_version") for table in connection.execute(_OWNERS).scalars()}
    return sorted(owners - {CORE, *installed().plugins})
