"""What a plugin contributes, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from core.events import event
from core.plugins import hooks, rules
from core.plugins.manager import Plugins
from core.plugins.spec import Plugin


def describe(plugin: Plugin, plugins: Plugins) -> dict[str, list[str]]:
    """Everything a plugin adds, under headings; secrets are masked."""
    return {
        f"{plugin.name} {plugin.version}": [plugin.summary, f"for core {plugin.core}"],
        "requires": [f"{name} {wanted}" for name, wanted in plugin.requires.items()],
        "needed by": plugins.dependents(plugin.name),
        "settings": list(_settings(plugin, plugins)),
        "permissions": [f"{each.name}: {each.summary}" for each in plugin.permissions],
        "events": [f"{name}: {_first_line(kind)}" for name, kind in event.declared(plugin.name).items()],
        "listens to": sorted(plugin.subscribers),
        "hooks it implements": sorted(hooks.implementations(plugin.hooks)),
        "hooks it specifies": sorted(hooks.specifications(plugin.hookspecs)),
        "commands": [f"{plugin.name} {each.name}: {each.get_short_help_str()}" for each in plugin.commands],
        "tables": sorted(table.name for table in rules.tables(plugin)),
        "outside hosts (egress)": list(plugin.egress),
    }


def _settings(plugin: Plugin, plugins: Plugins) -> Iterator[str]:
    values = plugins.settings.get(plugin.name)
    for key, field in (plugin.settings.model_fields if plugin.settings else {}).items():
        yield f"{plugin.name}__{key}".upper() + f" = {getattr(values, key)}  ({field.description or 'undocumented'})"


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "undocumented").strip().splitlines()[0]
