"""What a Plugin value must look like; every broken rule is one sentence that says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import click
from flask import Blueprint
from pydantic import BaseModel, SecretStr
from sqlalchemy import Table

from core.custom_fields.entity import CustomFields
from core.db.autogenerate import owner_of_table
from core.db.ownership import CORE
from core.db.repository import repository_of
from core.events import fields
from core.events.event import declared
from core.events.follower import Follower
from core.imports.importer import Importer
from core.jobs import cron
from core.jobs.job import Job
from core.listed import Listed
from core.notices import Notice
from core.plugins import hooks, live_rules
from core.plugins.order import satisfies
from core.plugins.spec import CORE_VERSION, Permission, Plugin, Quota
from core.realtime.spec import Room, Topic
from core.retention import Retention

NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_PERMISSION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_EVENT = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_SECRET = re.compile(r"(^|_)(password|secret|token|key|credentials?)$")
RESERVED = frozenset({CORE, "gateway", "migrations", "plugins", "public", "system", "alembic"})

_MODULES = ("models", "hooks", "hookspecs")
_TUPLES: Mapping[str, type[Any]] = {
    "after": str,
    "permissions": Permission,
    "quotas": Quota,
    "lists": Listed,
    "custom_fields": CustomFields,
    "imports": Importer,
    "blueprints": Blueprint,
    "public_blueprints": Blueprint,
    "pages": Blueprint,
    "jobs": Job,
    "followers": Follower,
    "notices": Notice,
    "retention": Retention,
    "topics": Topic,
    "rooms": Room,
    "commands": click.Command,
    "egress": str,
}
_MAPPINGS = ("requires", "subscribers", "sockets", "emits")


def problems(plugin: object, *, name: str, owner: str) -> list[str]:
    """Every rule that the plugin found under `name` breaks. `owner` owns its tables: itself, or the core."""
    if not isinstance(plugin, Plugin):
        return [f"{name}: `plugin` is not a Plugin value; write `plugin = Plugin(...)` in its __init__.py"]
    shape = list(_shape(plugin))
    if shape:
        return [f"{name}: {sentence}" for sentence in shape]
    checks: tuple[Callable[[Plugin], Iterator[str]], ...] = (
        _versions, _requirements, _settings, _permissions, _quotas, _blueprints, _jobs, _events, _subscribers,
        _followers, _notices, _custom_fields, _lists, _imports, live_rules.problems, _commands, _egress, _hookspecs,
    )  # fmt: skip
    found = [*_name(plugin, name, owner), *_tables(plugin, owner)]
    return [f"{name}: {sentence}" for sentence in (*found, *(s for check in checks for s in check(plugin)))]


def tables(plugin: Plugin) -> list[Table]:
    """The tables of a plugin's models module."""
    found: dict[str, Table] = {}
    for thing in vars(plugin.models).values() if plugin.models else ():
        table = thing if isinstance(thing, Table) else getattr(thing, "__table__", None)
        inside = isinstance(thing, Table) or _is_inside(thing, plugin)
        if isinstance(table, Table) and inside:
            found[table.name] = table
    return list(found.values())


def _is_inside(thing: object, plugin: Plugin) -> bool:
    """Whether a class is the plugin's own rather than imported from a neighbour."""
    home = plugin.models.__name__ if plugin.models else ""
    return str(getattr(thing, "__module__", "")).startswith(home.rpartition(".")[0])


def _shape(plugin: Plugin) -> Iterator[str]:
    for field, kind in _TUPLES.items():
        value = getattr(plugin, field)
        if not isinstance(value, tuple):
            yield f"`{field}` must be a tuple; write `{field}=(...,)` with a comma even around one"
        elif not all(isinstance(item, kind) for item in value):
            yield f"`{field}` holds something that is not a {kind.__name__}; list only {kind.__name__} values there"
    for field in _MAPPINGS:
        if not isinstance(getattr(plugin, field), Mapping):
            yield f"`{field}` must be a mapping; write `{field}={{...}}`"
    for field in _MODULES:
        value = getattr(plugin, field)
        if value is not None and not isinstance(value, ModuleType):
            yield f"`{field}` must be the module itself; write `from . import {field}` and `{field}={field}`"
    demo: Any = plugin.demo
    if demo is not None and not callable(demo):
        yield "`demo` must be a function; write `demo=demo.fill`"
    settings: Any = plugin.settings
    if settings is not None and not (isinstance(settings, type) and issubclass(settings, BaseModel)):
        yield "`settings` must be a pydantic model class; write `class Settings(BaseModel)` in settings.py"


def _name(plugin: Plugin, name: str, owner: str) -> Iterator[str]:
    if not NAME.fullmatch(plugin.name):
        yield f"the name {plugin.name!r} must be 2 to 31 lower-case letters, digits and underscores; rename it"
    elif plugin.name in RESERVED and owner != CORE:
        yield f"the name {plugin.name!r} belongs to the core; choose another one"
    if plugin.name != name:
        yield f"it calls itself {plugin.name!r}; name the plugin like its folder or entry point, {name!r}"
    if not plugin.summary.strip():
        yield "`summary` is empty; say in one sentence what it is for"


def _versions(plugin: Plugin) -> Iterator[str]:
    match = satisfies(plugin.version, ">=0")
    if match is None:
        yield f"version {plugin.version!r} is not a version like 1.0.0 (PEP 440); correct it"
    match = satisfies(CORE_VERSION, plugin.core)
    if match is None:
        yield f"core {plugin.core!r} is not a range like '>=1.0,<2' (PEP 440); correct it"
    elif not match:
        yield f"it is made for core {plugin.core}, and this is core {CORE_VERSION}; install a version made for it"


def _requirements(plugin: Plugin) -> Iterator[str]:
    for other, wanted in plugin.requires.items():
        if satisfies("1", wanted) is None:
            yield f"requires {other} {wanted!r}, which is not a range like '>=1.0,<2' (PEP 440); correct it"
    if plugin.name in (*plugin.requires, *plugin.after):
        yield "it requires itself; remove that line"


def _settings(plugin: Plugin) -> Iterator[str]:
    for key, field in (plugin.settings.model_fields if plugin.settings else {}).items():
        if _SECRET.search(key) and field.annotation in (str, str | None):
            yield f"the setting {key!r} looks like a secret; make it a SecretStr, so that it is never printed"
        if isinstance(field.default, SecretStr) and field.default.get_secret_value():
            yield f"the setting {key!r} has a secret as its default; make the default None"


def _permissions(plugin: Plugin) -> Iterator[str]:
    seen: set[str] = set()
    for permission in plugin.permissions:
        if not permission.name.startswith(f"{plugin.name}."):
            yield f"the permission {permission.name!r} must start with '{plugin.name}.'; rename it"
        elif not _PERMISSION.fullmatch(permission.name):
            yield f"the permission {permission.name!r} must be lower-case words joined by dots; rename it"
        if permission.name in seen:
            yield f"the permission {permission.name!r} is declared twice; remove one"
        if not permission.summary.strip():
            yield f"the permission {permission.name!r} has no summary; say what it lets somebody do"
        seen.add(permission.name)


def _quotas(plugin: Plugin) -> Iterator[str]:
    for quota in plugin.quotas:
        if not _EVENT.fullmatch(quota.name) or not quota.name.startswith(f"{plugin.name}.") or quota.per_day < 1:
            yield f"the quota {quota.name!r} must be named '{plugin.name}.<word>' and allow at least one a day"


def _tables(plugin: Plugin, owner: str) -> Iterator[str]:
    for table in tables(plugin):
        if owner_of_table(table.name, [owner]) is None:
            yield f"the table {table.name!r} must start with '{owner}_'; rename it"
        if owner != CORE and "agency_id" not in table.columns:
            yield f"the table {table.name!r} has no agency_id; derive its model from Owned, so that agencies stay apart"


def _blueprints(plugin: Plugin) -> Iterator[str]:
    seen: set[str] = set()
    for blueprint in (*plugin.blueprints, *plugin.public_blueprints, *plugin.pages):
        if blueprint.name != plugin.name and not blueprint.name.startswith(f"{plugin.name}_"):
            yield f"the blueprint {blueprint.name!r} must be called '{plugin.name}' or start with '{plugin.name}_'"
        if blueprint.name in seen:
            yield f"two blueprints are called {blueprint.name!r}; rename one"
        seen.add(blueprint.name)


def _jobs(plugin: Plugin) -> Iterator[str]:
    subscribers = (function for functions in plugin.subscribers.values() for function in functions)
    names = [job.name for job in plugin.jobs]
    names += sorted({f"{plugin.name}.{getattr(function, '__name__', '')}" for function in subscribers})
    for job in plugin.jobs:
        if not job.name.startswith(f"{plugin.name}."):
            yield f"the job {job.name!r} must have a name that starts with '{plugin.name}.'; rename it"
        if names.count(job.name) > 1:
            yield f"two jobs or subscribers are called {job.name!r}; rename one"
        if not job.summary:
            yield f"the job {job.name!r} has no docstring; say what it does"
        if job.schedule is not None and job.arguments.__struct_fields__:
            yield f"the job {job.name!r} has a schedule and takes arguments; a schedule gives none"
        if job.schedule is not None and not cron.comes(job.schedule):
            yield f"the job {job.name!r} has the schedule {job.schedule!r}, which is no cron line that comes to a date"


def _events(plugin: Plugin) -> Iterator[str]:
    for kind in declared(plugin.name).values():
        yield from fields.problems(kind)


def _subscribers(plugin: Plugin) -> Iterator[str]:
    functions: Any
    for event, functions in plugin.subscribers.items():
        if not _EVENT.fullmatch(event):
            yield f"it subscribes to {event!r}; an event is named like 'leads.lead_assigned'"
        if not isinstance(functions, tuple) or not all(callable(function) for function in functions):
            yield f"the subscribers of {event!r} must be a tuple of functions; write `(subscribers.on_it,)`"


def _followers(plugin: Plugin) -> Iterator[str]:
    for follower in plugin.followers:
        if not _EVENT.fullmatch(follower.name) or not follower.name.startswith(f"{plugin.name}."):
            yield f"the follower {follower.name!r} must be named '{plugin.name}.<word>'; rename it"


def _notices(plugin: Plugin) -> Iterator[str]:
    every: tuple[Notice | Retention, ...] = (*plugin.notices, *plugin.retention)
    for each in every:
        kind = type(each).__name__.lower()
        if not _EVENT.fullmatch(each.name) or not each.name.startswith(f"{plugin.name}."):
            yield f"the {kind} {each.name!r} must be named '{plugin.name}.<word>'; rename it"
        if (problem := each.problem()) is not None:
            yield f"the {kind} {each.name!r} {problem}"


def _lists(plugin: Plugin) -> Iterator[str]:
    for listed in plugin.lists:
        if not _EVENT.fullmatch(listed.entity) or not listed.entity.startswith(f"{plugin.name}."):
            yield f"the list {listed.title!r} is of no `{plugin.name}.<word>`; give its repository a `subject`"


def _imports(plugin: Plugin) -> Iterator[str]:
    for importer in plugin.imports:
        if not importer.entity.startswith(f"{plugin.name}.") or repository_of(importer.entity) is None:
            yield f"it imports {importer.entity!r}, which is the `subject` of none of its repositories; correct it"
        names = [column.name for column in importer.columns]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"the import of {importer.entity!r} has two columns called {name!r}; rename one"


def _custom_fields(plugin: Plugin) -> Iterator[str]:
    for own in plugin.custom_fields:
        if not _EVENT.fullmatch(own.entity) or not own.entity.startswith(f"{plugin.name}."):
            yield f"the custom fields of {own.entity!r} must be those of a '{plugin.name}.<word>'; rename it"
        if repository_of(own.entity) is None:
            yield f"custom fields are declared for {own.entity!r}; give that `subject` to the repository of these rows"


def _commands(plugin: Plugin) -> Iterator[str]:
    names = [command.name for command in plugin.commands]
    for command in plugin.commands:
        if names.count(command.name) > 1:
            yield f"two commands are called {command.name!r}; rename one"
        if not (command.help or "").strip():
            yield f"the command {command.name!r} has no help; give its function a docstring"


def _egress(plugin: Plugin) -> Iterator[str]:
    for host in plugin.egress:
        if not _HOST.fullmatch(host):
            yield f"egress {host!r} is not a host name like 'api.example.com'; list hosts without scheme, port or *"


def _hookspecs(plugin: Plugin) -> Iterator[str]:
    for name, function in hooks.specifications(plugin.hookspecs).items():
        if not name.startswith(f"{plugin.name}_"):
            yield f"the hookspec {name!r} must start with '{plugin.name}_'; rename it"
        if not (function.__doc__ or "").strip():
            yield f"the hookspec {name!r} has no docstring; say when it is called and what it returns"
