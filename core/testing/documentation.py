"""Whether everything a plugin offers is explained: where it is declared, and by name in its README.md."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.events import event
from core.plugins import hooks
from core.plugins.spec import Plugin
from core.testing.subject import Subject

_SUMMARY = "give it a summary"
_DOCSTRING = "give its function a docstring"


@dataclass(frozen=True)
class Offer:
    """Something that others use by its name."""

    kind: str
    name: str
    explanation: str | None
    where: str
    """How to explain it in the code."""

    @property
    def spelled(self) -> str:
        """How the README.md names it: a bare word counts only as code, `read` is in many a sentence."""
        return f"`{self.name}`" if self.name.isalpha() else self.name


def undocumented(subject: Subject) -> list[str]:
    """Everything offered that lacks an explanation in the code or is not named in the README.md."""
    found = []
    for offer in offers(subject):
        if not (offer.explanation or "").strip():
            found.append(f"{subject.name}: the {offer.kind} {offer.name} is not explained; {offer.where}")
        if offer.spelled not in subject.readme:
            found.append(f"{subject.name}: the {offer.kind} {offer.spelled} is not in README.md; describe it there")
    return found


def offers(subject: Subject) -> Iterator[Offer]:
    """What a plugin offers to those who run it, call it, build on it or look at its work in the console."""
    plugin = subject.plugin
    for key, field in (plugin.settings.model_fields if plugin.settings else {}).items():
        yield Offer("setting", f"{plugin.name}__{key}".upper(), field.description, "give its Field a description")
    for permission in plugin.permissions:
        yield Offer("permission", permission.name, permission.summary, _SUMMARY)
    for name, kind in event.declared(plugin.name).items():
        yield Offer("event", name, _own_docstring(kind), "give its class a docstring")
    for command in plugin.commands:
        yield Offer("command", command.name or "", command.help, _DOCSTRING)
    for name, hook in hooks.specifications(plugin.hookspecs).items():
        yield Offer("hook", name, hook.__doc__, "give its hookspec a docstring")
    yield from _live(plugin)
    yield from _background(plugin)


def _live(plugin: Plugin) -> Iterator[Offer]:
    for name, handler in plugin.sockets.items():
        yield Offer("socket event", name, handler.function.__doc__, _DOCSTRING)
    for name, struct in plugin.emits.items():
        yield Offer("emit", name, _own_docstring(struct), "give its Struct a docstring")
    for topic in plugin.topics:
        yield Offer("topic", topic.name, topic.summary, _SUMMARY)
    for room in plugin.rooms:
        yield Offer("room", room.kind, room.summary, _SUMMARY)
    for notice in plugin.notices:
        yield Offer("notice", notice.name, notice.summary, _SUMMARY)


def _background(plugin: Plugin) -> Iterator[Offer]:
    for job in plugin.jobs:
        yield Offer("job", job.name, job.summary, _DOCSTRING)
    for rule in plugin.retention:
        yield Offer("retention rule", rule.name, rule.summary, _SUMMARY)
    for function in {each for functions in plugin.subscribers.values() for each in functions}:
        yield Offer("subscriber", f"{plugin.name}.{function.__name__}", function.__doc__, _DOCSTRING)
    for follower in plugin.followers:
        yield Offer("follower", follower.name, follower.summary, _SUMMARY)


def _own_docstring(kind: type) -> str | None:
    """The class's own docstring, not the one it inherits."""
    attributes: Mapping[str, object] = vars(kind)
    return inspect.getdoc(kind) if attributes.get("__doc__") else None
