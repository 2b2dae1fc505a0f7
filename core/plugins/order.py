"""The load order: after everything required, after what is named in `after` and present, ties by name."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from core.plugins.spec import Plugin


def sort(plugins: Mapping[str, Plugin]) -> tuple[list[str], list[str]]:
    """The names in load order; and a sentence for each requirement that is missing, too old, too new or circular."""
    problems = [sentence for plugin in plugins.values() for sentence in _unmet(plugin, plugins)]
    waiting = {name: _predecessors(plugin, plugins) for name, plugin in plugins.items()}
    ordered: list[str] = []
    while waiting:
        ready = min((name for name, others in waiting.items() if not others), default=None)
        if ready is None:
            return ordered, [*problems, _cycle(waiting)]
        ordered.append(ready)
        del waiting[ready]
        for others in waiting.values():
            others.discard(ready)
    return ordered, problems


def satisfies(version: str, wanted: str) -> bool | None:
    """Whether a version lies in a range like `>=1.0,<2`; None where one of them cannot be read."""
    try:
        return SpecifierSet(wanted).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return None


def _predecessors(plugin: Plugin, plugins: Mapping[str, Plugin]) -> set[str]:
    return {name for name in (*plugin.requires, *plugin.after) if name in plugins and name != plugin.name}


def _unmet(plugin: Plugin, plugins: Mapping[str, Plugin]) -> list[str]:
    found = []
    for name, wanted in sorted(plugin.requires.items()):
        if name not in plugins:
            found.append(f"{plugin.name} requires {name}; add '{name}' to PLUGINS or remove '{plugin.name}'")
        elif satisfies(plugins[name].version, wanted) is False:
            found.append(
                f"{plugin.name} requires {name} {wanted}, but {plugins[name].version} is installed;"
                f" install a matching version of one of them"
            )
    return found


def _cycle(waiting: Mapping[str, set[str]]) -> str:
    """Follow what waits for what until a name comes again."""
    trail = [min(waiting)]
    while trail.count(trail[-1]) == 1:
        trail.append(min(waiting[trail[-1]]))
    loop = trail[trail.index(trail[-1]) :]
    return f"{' waits for '.join(loop)}: take one of these out of `requires` or `after`"
