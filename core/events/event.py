"""The Event base: a past-tense fact with a stable name and a schema version."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from core.structs import FrozenKeywordOnly

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_registry: dict[str, type[Event]] = {}


class UnknownEvent(LookupError):
    """The log holds an event that no installed plugin declares."""


class Event(msgspec.Struct, metaclass=FrozenKeywordOnly):
    """Subclass in a plugin's `events.py`: `class LeadAssigned(Event)` is `leads.lead_assigned`.

    Fields are ids and facts, never whole rows. `subject` names the field that holds the id of what changed.
    """

    schema_version: ClassVar[int] = 1
    subject: ClassVar[str]
    permission: ClassVar[str | None] = None
    """Who may read it in the change feed; `<plugin>.read` where nothing is said."""
    name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = f"{owner_of_module(cls.__module__)}.{_CAMEL.sub('_', cls.__name__).lower()}"
        _registry[cls.name] = cls

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """A payload of an older schema version in the form of the next one. Override it with the version."""
        raise NotImplementedError(f"{cls.name} has no upcast from version {version}")

    def subject_id(self) -> UUID:
        """The id of the thing this fact is about."""
        value: UUID = getattr(self, type(self).subject)
        return value


def owner_of_module(module: str) -> str:
    """The plugin a module belongs to: `plugins.leads.events` and `leads.events` are both `leads`."""
    parts = module.split(".")
    return parts[1] if parts[0] in {"core", "plugins"} and len(parts) > 1 else parts[0]


def declared(owner: str | None = None) -> dict[str, type[Event]]:
    """Every event declared so far, by name; of one owner when given."""
    return {name: kind for name, kind in sorted(_registry.items()) if owner in (None, name.split(".")[0])}


def declared_as(name: str) -> type[Event] | None:
    """The event with a name; None where no installed plugin declares it."""
    return _registry.get(name)


def revive(name: str, version: int, payload: dict[str, Any]) -> Event:
    """The typed event of a payload, upcast version by version. Raises UnknownEvent, or ValidationError on a bad one."""
    kind = _registry.get(name)
    if kind is None:
        raise UnknownEvent(f"No installed plugin declares {name}")
    for older in range(version, kind.schema_version):
        payload = kind.upcast(payload, older)
    return msgspec.convert(payload, kind)
