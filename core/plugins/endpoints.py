"""The plugins of an agency over HTTP."""

from __future__ import annotations

from core.http.blueprint import Blueprint
from core.plugins import permissions, service
from core.plugins.schemas import PluginList, PluginPatch, PluginView

blueprint = Blueprint("plugins", description="See the plugins of this installation and switch them per agency.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.response(200, PluginList)
def search() -> PluginList:
    """List the plugins and whether each is on."""
    return PluginList(items=service.every())


@blueprint.get("/<name>", permission=permissions.READ)
@blueprint.response(200, PluginView)
def show(name: str) -> PluginView:
    """Show one plugin."""
    return service.find(name)


@blueprint.patch("/<name>", permission=permissions.MANAGE, step_up=True)
@blueprint.arguments(PluginPatch)
@blueprint.response(200, PluginView)
def change(patch: PluginPatch, name: str) -> PluginView:
    """Switch a plugin on or off for the agency; its data stays."""
    return service.switch_on(name) if patch.enabled else service.switch_off(name)
