"""Who may what: asked when it is wanted, and again whenever the person's rights have changed."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import current_app

from core.actor import Actor
from core.errors import Forbidden, Problem
from core.http import gates
from core.plugins import agencies
from core.plugins.manager import Plugins, installed
from core.plugins.spec import Plugin
from core.realtime.errors import PluginOff, RoomRefused, UnknownNamespace, UnknownTopic
from core.realtime.spec import Room, Topic
from gateway.work import become


def namespaces(plugins: Plugins) -> Mapping[str, Plugin]:
    """The plugins that have a live side of their own, by namespace."""
    return {f"/{each.segment}": each for each in plugins.plugins.values() if each.sockets or each.emits or each.rooms}


def topics(plugins: Plugins) -> Mapping[str, tuple[Plugin, Topic]]:
    """Every durable topic with its plugin, by name."""
    return {topic.name: (plugin, topic) for plugin in plugins.plugins.values() for topic in plugin.topics}


def to_namespace(namespace: str, actor: Actor) -> Plugin:
    """The plugin behind a namespace, which the person may use. Raises UnknownNamespace, PluginOff, Forbidden."""
    plugin = namespaces(installed()).get(namespace)
    if plugin is None:
        raise UnknownNamespace
    _switched_on(plugin, actor)
    # What core modules send goes to the person it concerns, whatever their role.
    optional = plugin.name in installed().optional
    if optional and plugin.permissions and not any(actor.scope_of(each.name) for each in plugin.permissions):
        raise Forbidden("You hold no permission of this plugin")
    return plugin


def to_topic(name: str, actor: Actor) -> Topic:
    """A topic the person may follow. Raises UnknownTopic, PluginOff, Forbidden."""
    found = topics(installed()).get(name)
    if found is None:
        raise UnknownTopic
    plugin, topic = found
    _switched_on(plugin, actor)
    permission = None if topic.permission is None else str(topic.permission)
    become(actor, permission)
    if permission is not None:
        permit(actor, permission, f"topic:{topic.name}")
    return topic


def to_room(plugin: Plugin, kind: str, entity_id: UUID, actor: Actor) -> None:
    """Raise RoomRefused, PluginOff or Forbidden unless the person may be in a room of a plugin."""
    room = next((each for each in plugin.rooms if each.kind == kind), None)
    if room is None:
        raise RoomRefused
    _switched_on(plugin, actor)
    permission = str(room.permission)
    become(actor, permission)
    permit(actor, permission, f"room:{plugin.name}.{kind}")
    if not _may_join(room, entity_id):
        raise RoomRefused


def permit(actor: Actor, permission: str, entrance: str) -> None:
    """Raise Forbidden unless the roles grant a permission and no rule of access speaks against it."""
    actor.require(permission)
    reason = gates.denial(current_app, actor, permission, entrance)
    if reason is not None:
        raise Forbidden(reason)


def _switched_on(plugin: Plugin, actor: Actor) -> None:
    become(actor)
    if actor.agency_id is None or not agencies.enabled(plugin.name, actor.agency_id):
        raise PluginOff


def _may_join(room: Room, entity_id: UUID) -> bool:
    try:
        return room.may_join(entity_id)
    except Problem as problem:
        if problem.status >= 500:
            raise
        # Whether it is absent or merely not theirs is not told.
        return False
