"""Switching plugins on and off for the acting agency."""

from __future__ import annotations

from sqlalchemy import select

from core.agencies.models import PluginSwitch
from core.db.tenancy import current_agency_id
from core.errors import Conflict, NotFound
from core.events.log import publish
from core.extensions import db
from core.plugins.events import PluginSwitchedOff, PluginSwitchedOn
from core.plugins.manager import installed
from core.plugins.schemas import PluginView
from core.plugins.spec import Plugin
from core.revocations.api import revoke


class NeededByOthers(Conflict):
    """Another plugin that is on for this agency requires it."""

    code = "plugin_needed"
    title = "Another plugin needs this one"


class NeedsOthers(Conflict):
    """It requires a plugin that is off for this agency."""

    code = "plugin_needs_others"
    title = "This plugin needs another one"


def every() -> list[PluginView]:
    """The enabled plugins and whether each is on for the acting agency, in load order."""
    off = _switched_off()
    return [_view(plugin, enabled=plugin.name not in off) for plugin in installed().optional.values()]


def find(name: str) -> PluginView:
    """One enabled plugin; raises NotFound."""
    return _view(_plugin(name), enabled=name not in _switched_off())


def switch_on(name: str) -> PluginView:
    """Serve a plugin to the acting agency again; raises NeedsOthers while something it requires is off."""
    plugin = _plugin(name)
    missing = sorted(plugin.requires.keys() & _switched_off())
    if missing:
        raise NeedsOthers(f"{name} needs {', '.join(missing)}: switch that on first")
    switch = _set(name, enabled=True)
    if switch is not None:
        publish(PluginSwitchedOn(switch_id=switch.id, plugin=name), of=switch)
    return _view(plugin, enabled=True)


def switch_off(name: str) -> PluginView:
    """Stop serving a plugin to the acting agency; its data stays. Raises NeededByOthers while another needs it."""
    plugin = _plugin(name)
    needing = sorted(set(installed().dependents(name)) - _switched_off())
    if needing:
        raise NeededByOthers(f"{name} is needed by {', '.join(needing)}: switch that off first")
    switch = _set(name, enabled=False)
    if switch is not None:
        publish(PluginSwitchedOff(switch_id=switch.id, plugin=name), of=switch)
    return _view(plugin, enabled=False)


def _plugin(name: str) -> Plugin:
    plugin = installed().optional.get(name)
    if plugin is None:
        raise NotFound
    return plugin


def _switched_off() -> frozenset[str]:
    query = select(PluginSwitch.plugin).where(PluginSwitch.enabled.is_(False))
    return frozenset(db.session.scalars(query))


def _set(name: str, *, enabled: bool) -> PluginSwitch | None:
    """Store the choice; None where it already was so."""
    switch = db.session.scalar(select(PluginSwitch).where(PluginSwitch.plugin == name))
    if switch is None and enabled:
        return None
    if switch is None:
        switch = PluginSwitch(plugin=name, enabled=enabled)
        db.session.add(switch)
    elif switch.enabled == enabled:
        return None
    switch.enabled = enabled
    db.session.flush()
    revoke("agency", current_agency_id())
    return switch


def _view(plugin: Plugin, *, enabled: bool) -> PluginView:
    return PluginView(
        name=plugin.name,
        version=plugin.version,
        summary=plugin.summary,
        enabled=enabled,
        requires=sorted(plugin.requires),
        egress=list(plugin.egress),
    )
