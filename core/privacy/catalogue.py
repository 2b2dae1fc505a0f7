"""Where personal data is kept: read from what the columns of every loaded table say."""

from __future__ import annotations

from sqlalchemy import Table

from core.db.autogenerate import owner_of_table
from core.db.base import Model
from core.db.ownership import CORE
from core.db.personal import can_be_emptied, category_of, has_to_say, is_told
from core.plugins.manager import Plugins
from core.privacy.schemas import ColumnView, TableView
from core.vault.columns import Ciphertext


def tables(plugins: Plugins) -> list[TableView]:
    """Every table that holds something about people."""
    owners = [CORE, *plugins.optional]
    found = [_table(table, owner_of_table(table.name, owners)) for table in Model.metadata.sorted_tables]
    return sorted((each for each in found if each is not None), key=lambda each: each.table)


def untold(tables: list[Table]) -> list[str]:
    """The columns that could hold something about people and do not say whether they do."""
    return [f"{table.name}.{column.name}" for table in tables for column in table.columns
            if has_to_say(column) and not is_told(column)]  # fmt: skip


def lasting(tables: list[Table]) -> list[str]:
    """The personal columns that no erasure could take anything out of."""
    return [f"{table.name}.{column.name}" for table in tables for column in table.columns
            if category_of(column) is not None and not can_be_emptied(column)]  # fmt: skip


def _table(table: Table, owner: str | None) -> TableView | None:
    columns = [
        ColumnView(str(column.name), category, isinstance(column.type, Ciphertext))
        for column in table.columns
        if (category := category_of(column)) is not None
    ]
    return TableView(str(table.name), owner, columns) if columns and owner is not None else None
