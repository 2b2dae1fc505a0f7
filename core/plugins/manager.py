"""Loads the enabled plugins: everything is checked before the first request, or the start fails with a sentence."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import pluggy
from flask import current_app
from pydantic import BaseModel

import core.tables  # noqa: F401 - completes the metadata
from core.config import ConfigurationError, Settings
from core.db.ownership import CORE
from core.db.tenancy import current_agency_id
from core.events import event
from core.imports.importer import Importer
from core.listed import Listed
from core.plugins import agencies, configuration, hooks, order, rules
from core.plugins.discovery import Candidate, discover
from core.plugins.selection import select
from core.plugins.spec import Permission, Plugin, Quota

CORE_MODULES: Mapping[str, str] = MappingProxyType(
    {
        name: f"core.{name}.plugin"
        for name in (
            "files",
            "agencies",
            "users",
            "roles",
            "auth",
            "factors",
            "audit",
            "events",
            "plugins",
            "jobs",
            "invitations",
            "impersonation",
            "mail",
            "quotas",
            "demo",
            "oidc",
            "vault",
            "allow_lists",
            "api_keys",
            "privacy",
            "custom_fields",
            "exports",
            "views",
            "calendars",
            "imports",
        )
    }
)
"""The parts of the core that contribute through a Plugin value, in load order."""
_CORE = "the core"
S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True)
class Plugins:
    """What is loaded."""

    plugins: Mapping[str, Plugin]
    """Core modules, then plugins, in load order."""
    permissions: Mapping[str, Permission]
    folders: Mapping[str, Path]
    """Where the code of each plugin lies; core modules are not in it."""
    settings: Mapping[str, BaseModel]
    relay: pluggy.PluginManager
    present: Mapping[str, Candidate]
    """Every plugin that could be enabled."""

    @property
    def hook(self) -> pluggy.HookRelay:
        """Calls a hook on everything loaded: `plugins.hook.socket_rooms(actor=actor)`."""
        return self.relay.hook

    @property
    def optional(self) -> Mapping[str, Plugin]:
        """The plugins that are not core modules, in load order."""
        return {name: plugin for name, plugin in self.plugins.items() if name in self.folders}

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """What an agency may do in a day, by name."""
        return {quota.name: quota for plugin in self.plugins.values() for quota in plugin.quotas}

    @property
    def lists(self) -> Mapping[str, Listed[Any]]:
        """Every list that can be kept as a view, by what it is of."""
        return {listed.entity: listed for plugin in self.plugins.values() for listed in plugin.lists}

    @property
    def imports(self) -> Mapping[str, Importer[Any]]:
        """What rows of files can become, by its entity."""
        return {each.entity: each for plugin in self.plugins.values() for each in plugin.imports}

    @property
    def egress(self) -> Mapping[str, tuple[str, ...]]:
        """The outside hosts each plugin may talk to."""
        return {name: plugin.egress for name, plugin in self.plugins.items()}

    def owner_of(self, name: str) -> str:
        """Who owns a plugin's tables: the plugin, or `core` for core modules."""
        return name if name in self.folders else CORE

    def dependents(self, name: str) -> list[str]:
        """The loaded plugins that require this one."""
        return [other.name for other in self.plugins.values() if name in other.requires]


def installed() -> Plugins:
    """What the running application has loaded."""
    found: Plugins = current_app.extensions["tripfile.plugins"]
    return found


def settings_of(kind: type[S]) -> S:
    """The validated settings of the plugin that declares this class of them."""
    by_class: dict[type[BaseModel], Any] = {type(value): value for value in installed().settings.values()}
    found: S = by_class[kind]
    return found


def is_on(name: str) -> bool:
    """Whether a plugin is enabled, and switched on in the acting agency."""
    return name in installed().plugins and agencies.enabled(name, current_agency_id())


def load(settings: Settings) -> Plugins:
    """Import and check what PLUGINS enables; raises ConfigurationError with a sentence for everything wrong."""
    candidates, doubled = discover()
    names, unknown = select(settings.plugins, candidates)
    modules = {name: Candidate(name, module, "plugin", _CORE, True) for name, module in CORE_MODULES.items()}
    core, broken_core = _import(modules)
    chosen, broken = _import({name: candidates[name] for name in names})
    problems = [*doubled, *unknown, *broken_core, *broken]
    return assemble(core, chosen, settings=settings, present=candidates, problems=problems)


def assemble(
    core: Mapping[str, Any],
    chosen: Mapping[str, Any],
    *,
    settings: Settings,
    present: Mapping[str, Candidate],
    problems: Sequence[str] = (),
) -> Plugins:
    """Check values that are already imported, order them and register what they contribute."""
    _refuse(
        [
            *problems,
            *(line for name, plugin in core.items() for line in rules.problems(plugin, name=name, owner=CORE)),
            *(line for name, plugin in chosen.items() for line in rules.problems(plugin, name=name, owner=name)),
        ]
    )
    _refuse([f"{name}: a core module has this name; rename the plugin" for name in sorted(core.keys() & chosen.keys())])
    ordered, unmet = order.sort({**core, **chosen})
    _refuse(unmet)
    # The core comes first whatever its names; plugins may require core modules.
    plugins = {**core, **{name: chosen[name] for name in ordered if name in chosen}}
    relay, unspecified = hooks.relay(plugins, core=frozenset(core))
    values, wrong = _read_settings(plugins, settings)
    _refuse([*unspecified, *wrong, *_unknown_events(plugins), *_shared_topics(plugins)])
    return Plugins(
        plugins=MappingProxyType(plugins),
        permissions=MappingProxyType({p.name: p for plugin in plugins.values() for p in plugin.permissions}),
        folders=MappingProxyType({name: present[name].folder for name in plugins if name in chosen}),
        settings=MappingProxyType(values),
        relay=relay,
        present=MappingProxyType(dict(present)),
    )


def _import(candidates: Mapping[str, Candidate]) -> tuple[dict[str, Any], list[str]]:
    """The Plugin values by name, and a sentence for each package that raised."""
    found: dict[str, Any] = {}
    problems = []
    for name, candidate in candidates.items():
        try:
            module = import_module(candidate.module)
            found[name] = getattr(module, candidate.attribute, None)
            if candidate.origin != _CORE and not hasattr(module, "__path__"):
                problems.append(f"{name}: its entry point names {candidate.module}, a module; name its package instead")
        except Exception as error:  # noqa: BLE001 - whatever a stranger's module raises
            # Half-imported models stay in the mapper registry; the process reports this and ends.
            problems.append(
                f"{name} ({candidate.origin}) cannot be imported: {type(error).__name__}: {error}, in {_place(error)};"
                " repair it or take it out of PLUGINS"
            )
    return found, problems


def _place(error: Exception) -> str:
    """File and line that raised."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _read_settings(plugins: Mapping[str, Plugin], settings: Settings) -> tuple[dict[str, BaseModel], list[str]]:
    values: dict[str, BaseModel] = {}
    problems: list[str] = []
    for name, plugin in plugins.items():
        value, wrong = configuration.read(plugin, settings)
        problems += wrong
        if value is not None:
            values[name] = value
    return values, problems


def _unknown_events(plugins: Mapping[str, Plugin]) -> list[str]:
    """Subscriptions to events that their owner, though present, never declares."""
    known = event.declared()
    return [
        f"{plugin.name} subscribes to {name!r}, which {name.split('.')[0]} does not declare; correct the name"
        for plugin in plugins.values()
        for name in plugin.subscribers
        if name.split(".")[0] in plugins and name not in known
    ]


def _shared_topics(plugins: Mapping[str, Plugin]) -> list[str]:
    """Topics of two plugins under one name: `visas` may call one `visas_express`, and so may `visas_express`."""
    owners: dict[str, list[str]] = {}
    for plugin in plugins.values():
        for topic in plugin.topics:
            owners.setdefault(topic.name, []).append(plugin.name)
    return [
        f"{' and '.join(names)} both have a topic {topic!r}; rename one"
        for topic, names in owners.items()
        if len(names) > 1
    ]


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ConfigurationError(problems)
