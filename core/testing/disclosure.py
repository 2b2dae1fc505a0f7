"""Whether a plugin says of its columns what they hold, and answers where people ask for their data."""

from __future__ import annotations

from core.db.personal import category_of
from core.plugins import hooks, rules
from core.plugins.spec import Plugin
from core.privacy import catalogue

_HOOKS = ("personal_data", "erase_personal_data")


def problems(name: str, plugin: Plugin) -> list[str]:
    """Columns that do not say whether they are personal, and hooks that are missing where some are."""
    tables = rules.tables(plugin)
    found = [
        f"{name}: the column {column} does not say what it holds; annotate it as Code, Number or Day where that is"
        " nothing about a person, or give it info=personal(...)"
        for column in catalogue.untold(tables)
    ]
    found += [
        f"{name}: {column} is personal and can never be empty, so nobody can be erased from it; make it nullable"
        for column in catalogue.lasting(tables)
    ]
    holds = [table.name for table in tables if any(category_of(column) is not None for column in table.columns)]
    missing = [hook for hook in _HOOKS if hook not in hooks.implementations(plugin.hooks)]
    if holds and missing:
        sentence = f"holds personal data in {', '.join(holds)} and does not implement {' and '.join(missing)}"
        found.append(f"{name}: it {sentence}; write them in hooks.py")
    return found
