"""How hooks run: each implementation fails alone, logged and counted, and rests where it is switched off."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import pluggy
import structlog
from flask import g, has_app_context
from prometheus_client import Counter

from core.plugins import agencies, hookspecs
from core.plugins.spec import Plugin

log = structlog.get_logger()
failures = Counter("tripfile_hook_failures", "Hook implementations that raised.", ["plugin", "hook"])

Implementation = Callable[..., Any]
_MARK = f"{hookspecs.PROJECT}_impl"
_SPEC_MARK = f"{hookspecs.PROJECT}_spec"
# The start must stop, the caller must learn that a credential is bad, and no row changes hands without a word.
_RAISING = frozenset(
    {
        "app_ready",
        "authenticate",
        "handed_over",
        "personal_data",
        "erase_personal_data",
        "scan_upload",
        "storage_backend",
        "words_about",
    }
)
# Of what is merged nothing may be left behind, and what moves must move back.
_MOVING = ("_merged", "_merge_undone")
# These use the running unit of work; a failed statement would take everybody's work with it.
_IN_SAVEPOINT = frozenset({"agency_created", "socket_rooms"})
# So do those that say what something is worth; whoever asks goes on without them.
_WEIGHING = ("_score",)


def implementations(module: ModuleType | None) -> dict[str, Implementation]:
    """The hooks a module implements, by hook name."""
    marked = [function for function in _functions(module) if hasattr(function, _MARK)]
    return {getattr(function, _MARK).get("specname") or function.__name__: function for function in marked}


def specifications(module: ModuleType | None) -> dict[str, Implementation]:
    """The hooks a module specifies, by name."""
    return {function.__name__: function for function in _functions(module) if hasattr(function, _SPEC_MARK)}


def _functions(module: ModuleType | None) -> list[Implementation]:
    # Nothing else is asked for its attributes: `current_app` and its like answer only while there is an application.
    return [each for each in vars(module).values() if inspect.isfunction(each)] if module else []


def relay(plugins: Mapping[str, Plugin], *, core: frozenset[str]) -> tuple[pluggy.PluginManager, list[str]]:
    """Register every specification, then every implementation; what cannot be registered comes back as sentences."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for plugin in plugins.values():
        if plugin.hookspecs:
            # Not the module itself: pluggy would ask everything in it for its attributes.
            specified = ModuleType(plugin.name)
            vars(specified).update(specifications(plugin.hookspecs))
            manager.add_hookspecs(specified)
    problems: list[str] = []
    # pluggy calls the one registered last first.
    for name, plugin in reversed(list(plugins.items())):
        problems += register(manager, plugin, switchable=name not in core, known=frozenset(plugins))
    return manager, problems


def register(manager: pluggy.PluginManager, plugin: Plugin, *, switchable: bool, known: frozenset[str]) -> list[str]:
    """Register what a plugin implements, isolated; a sentence for each that cannot be."""
    guarded = ModuleType(plugin.name)
    problems = []
    for hook, function in implementations(plugin.hooks).items():
        if hasattr(manager.hook, hook):
            setattr(guarded, hook, _guard(function, hook, plugin.name, switchable=switchable))
        elif not _belongs_to_absent(hook, plugin, known):
            problems.append(
                f"{plugin.name} implements the hook {hook!r}, which nothing specifies: correct the name, or list the"
                " plugin that specifies it in `requires` or `after`"
            )
    try:
        manager.register(guarded, plugin.name)
    except pluggy.PluginValidationError as error:
        problems.append(f"{plugin.name} implements a hook with other arguments than specified: {_last_line(error)}")
    return problems


def _belongs_to_absent(hook: str, plugin: Plugin, known: frozenset[str]) -> bool:
    return any(hook.startswith(f"{other}_") for other in plugin.after if other not in known)


def _last_line(error: Exception) -> str:
    return str(error).splitlines()[-1]


def _guard(function: Implementation, hook: str, plugin: str, *, switchable: bool) -> Implementation:
    """The implementation as pluggy sees it: same signature, same options, isolated."""
    if hook in _RAISING or hook.endswith(_MOVING) or inspect.isgeneratorfunction(function):
        return function

    careful = hook in _IN_SAVEPOINT or hook.endswith(_WEIGHING)

    @functools.wraps(function)
    def run(*args: Any) -> Any:
        try:
            if switchable and _switched_off(plugin):
                return None
            return _in_savepoint(function, args) if careful else function(*args)
        except Exception as error:
            log.exception("hook.failed", plugin=plugin, hook=hook)
            failures.labels(plugin=plugin, hook=hook).inc()
            return _answer_of_failed(hook, plugin, error)

    return run


def _answer_of_failed(hook: str, plugin: str, error: Exception) -> Any:
    def check() -> None:
        raise error

    # Whoever cannot say yes has said no, and whoever cannot say what to check is not well.
    if hook == "authorize" or hook.endswith("_in_use"):
        return f"{plugin} could not decide"
    return {plugin: check} if hook == "health_checks" else None


def _in_savepoint(function: Implementation, args: tuple[Any, ...]) -> Any:
    from core.extensions import db

    if not has_app_context():
        return function(*args)
    with db.session.begin_nested():
        return function(*args)


def _switched_off(plugin: str) -> bool:
    actor = g.get("actor") if has_app_context() else None
    return bool(actor and actor.agency_id and not agencies.enabled(plugin, actor.agency_id))
