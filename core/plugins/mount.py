"""Puts the blueprints of every plugin at their place in the URL space, and refuses routes nobody guards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask

from core.actor import Scope
from core.config import ConfigurationError
from core.db.ownership import CORE
from core.disclosure import permissions_in, permissions_to_send
from core.http.contract import Contract, contract_of, rule_of
from core.plugins.manager import Plugins
from core.plugins.spec import Plugin


@dataclass(frozen=True)
class Route:
    """Who serves an endpoint, and who may call it."""

    plugin: str
    """The plugin's name; `core` for core modules, which no agency can switch off."""
    permission: str | None
    public: bool
    module: str = ""
    """The core module or plugin that declares it."""
    signed_in: bool = False
    """Any member may call it: it concerns the caller's own account."""


def mount(app: Flask, api: Any, plugins: Plugins) -> None:
    """Register every blueprint at its prefix and record each endpoint's Route in the application's extensions.

    Raises ConfigurationError when a route is unguarded, or SERVE names a plugin that is not enabled.
    """
    settings = app.extensions["tripfile.settings"]
    routes: dict[str, Route] = app.extensions.setdefault("tripfile.routes", {})
    problems = _unknown_served(settings.serve, plugins)
    for plugin in plugins.plugins.values():
        if not _served(plugin, settings.serve, plugins):
            continue
        for prefix, blueprint in places(plugin, settings.api_prefix):
            _register(app, api, blueprint, prefix, documented=blueprint not in plugin.pages)
            for endpoint, methods in _endpoints(app, blueprint):
                route = _route(app, endpoint, plugins.owner_of(plugin.name), plugin.name)
                routes[endpoint] = route
                problems += _unguarded(plugin, f"{methods} of the endpoint {endpoint}", route, plugins)
                problems += _unknown_guards(plugin, endpoint, contract_of(app.view_functions[endpoint]), plugins)
    if problems:
        raise ConfigurationError(problems)


def places(plugin: Plugin, api_prefix: str) -> Iterator[tuple[str, Blueprint]]:
    """Each blueprint of a plugin with its URL prefix: the API, public pages and forms, web pages."""
    for prefix, blueprints in (
        (api_prefix, plugin.blueprints),
        ("/p", plugin.public_blueprints),
        ("/app", plugin.pages),
    ):
        for blueprint in blueprints:
            yield f"{prefix}/{plugin.segment}", blueprint


def _served(plugin: Plugin, wanted: tuple[str, ...], plugins: Plugins) -> bool:
    return not wanted or plugins.owner_of(plugin.name) == CORE or plugin.name in wanted


def _unknown_served(wanted: tuple[str, ...], plugins: Plugins) -> list[str]:
    return [
        f"SERVE names {name!r}, which is not an enabled plugin; enabled are {', '.join(plugins.optional) or 'none'}"
        for name in wanted
        if name not in plugins.optional
    ]


def _register(app: Flask, api: Any, blueprint: Blueprint, prefix: str, *, documented: bool) -> None:
    """Blueprints of the API enter its document; pages and plain ones only the application."""
    if documented and hasattr(blueprint, "register_views_in_doc"):
        api.register_blueprint(blueprint, url_prefix=prefix)
    else:
        app.register_blueprint(blueprint, url_prefix=prefix)


def _endpoints(app: Flask, blueprint: Blueprint) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(f"{blueprint.name}."):
            yield rule.endpoint, ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def _route(app: Flask, endpoint: str, owner: str, module: str) -> Route:
    rule = rule_of(app.view_functions[endpoint])
    return Route(
        owner,
        rule.permission if rule else None,
        public=bool(rule and rule.public),
        module=module,
        signed_in=bool(rule and rule.signed_in),
    )


def _unguarded(plugin: Plugin, place: str, route: Route, plugins: Plugins) -> Iterator[str]:
    if route.public and route.permission:
        yield f"{plugin.name}: {place} is public and has a permission; keep one of the two"
    elif not (route.public or route.signed_in or route.permission):
        yield f"{plugin.name}: {place} declares no permission; add `permission=`, or `public=True` for all the world"
    elif route.permission and route.permission not in plugins.permissions:
        yield f"{plugin.name}: {place} asks for {route.permission!r}, which no plugin declares; declare it"


def _unknown_guards(plugin: Plugin, endpoint: str, contract: Contract, plugins: Plugins) -> Iterator[str]:
    """Fields that ask for a permission nobody declares, or for one that depends on whose a row is."""
    shown = [kind for kind in (contract.result, *contract.others.values()) if kind is not None]
    needed = {permission for kind in shown for permission in permissions_in(kind)}
    if contract.body is not None:
        needed |= permissions_to_send(contract.body)
    for permission in sorted(needed):
        declared = plugins.permissions.get(permission)
        if declared is None:
            yield f"{plugin.name}: fields of {endpoint} ask for {permission!r}, which no plugin declares; declare it"
        elif declared.scopes != (Scope.ALL,):
            yield (
                f"{plugin.name}: fields of {endpoint} ask for {permission!r}, which has scopes; a field is seen in"
                " every row or in none: declare it with scopes=(Scope.ALL,)"
            )
