"""Whether everything a plugin offers is explained: where it is declared, and by name in its README.md."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.events import event
from core.plugins import hooks
from core.testing.subject import Subject


@dataclass(frozen=True)
class Offer:
    """Something that others use by its name."""

    kind: str
    name: str
    explanation: str | None
    where: str
    """How to explain it in the code."""


def undocumented(subject: Subject) -> list[str]:
    """Everything offered that lacks an explanation in the code or is not named in the README.md."""
    found = []
    for offer in offers(subject):
        if not (offer.explanation or "").strip():
            found.append(f"{subject.name}: the {offer.kind} {offer.name} is not explained; {offer.where}")
        if offer.name not in subject.readme:
            found.append(f"{subject.name}: the {offer.kind} {offer.name} is not in README.md; describe it there")
    return found


def offers(subject: Subject) -> Iterator[Offer]:
    """Settings, permissions, events, commands and hooks of a plugin."""
    plugin = subject.plugin
    for key, field in (plugin.settings.model_fields if plugin.settings else {}).items():
        yield Offer("setting", f"{plugin.name}__{key}".upper(), field.description, "give its Field a description")
    for permission in plugin.permissions:
        yield Offer("permission", permission.name, permission.summary, "give it a summary")
    for name, kind in event.declared(plugin.name).items():
        yield Offer("event", name, _own_docstring(kind), "give its class a docstring")
    for command in plugin.commands:
        yield Offer("command", command.name or "", command.help, "give its function a docstring")
    for name, hook in hooks.specifications(plugin.hookspecs).items():
        yield Offer("hook", name, hook.__doc__, "give its hookspec a docstring")


def _own_docstring(kind: type) -> str | None:
    """The class's own docstring, not the one it inherits."""
    attributes: Mapping[str, object] = vars(kind)
    return inspect.getdoc(kind) if attributes.get("__doc__") else None
