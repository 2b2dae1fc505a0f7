"""The catalogue of events: what is published, about what, with which payload, for whom."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from core.events.event import Event, declared
from core.events.fields import SEALED
from core.events.log import subject_of
from core.events.schemas import DeclaredEvent
from core.plugins.manager import Plugins

EVERYTHING = "audit.read"
"""Who holds this may see every event."""


def entries(plugins: Plugins) -> list[DeclaredEvent]:
    """The events of the loaded plugins, by name."""
    return [_entry(name, kind, plugins) for name, kind in declared().items() if name.split(".")[0] in plugins.plugins]


def permission_of(kind: type[Event], plugins: Plugins) -> str:
    """Who may see an event: what it says, else `<plugin>.read`, else whoever may read the whole log."""
    wanted = kind.permission or f"{kind.name.split('.')[0]}.read"
    return wanted if wanted in plugins.permissions else EVERYTHING


def markdown(plugins: Plugins) -> str:
    """The catalogue as a page."""
    return "\n".join(_page(entries(plugins), plugins)) + "\n"


def _entry(name: str, kind: type[Event], plugins: Plugins) -> DeclaredEvent:
    schema = msgspec.json.schema(kind)
    return DeclaredEvent(
        name=name,
        version=kind.schema_version,
        summary=(inspect.getdoc(kind) or "").partition("\n")[0],
        subject=subject_of(kind),
        permission=permission_of(kind, plugins),
        schema=schema,
    )


def _page(found: Iterable[DeclaredEvent], plugins: Plugins) -> Iterator[str]:
    yield "# Events"
    yield ""
    yield "Everything that happens is an event in its agency's log. `GET /api/v1/events` and the topic `events` tell"
    yield "them in order to whoever holds the permission, as far as they may see what it happened to; whoever holds"
    yield f"`{EVERYTHING}` sees all of them. Words about people are sealed with the person's key: for who holds the"
    yield "permission they can be read until the person is erased, for all others they are absent."
    yield "This page is made by `tripfile events catalogue --markdown`."
    owner = ""
    for each in found:
        if each.name.split(".")[0] != owner:
            owner = each.name.split(".")[0]
            yield from ("", f"## {owner}", "", plugins.plugins[owner].summary)
        yield from ("", f"### {each.name}", "", each.summary)
        yield from ("", f"Version {each.version}, about a `{each.subject}`, for `{each.permission}`.", "")
        yield from ("| field | type |", "| --- | --- |")
        yield from (f"| `{field}` | {kind} |" for field, kind in fields(each.schema))


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of a payload and what each holds, in words."""
    definitions = schema.get("$defs", {})
    for name, kind in _resolved(schema, definitions)["properties"].items():
        yield name, _words(kind, definitions)


def _words(kind: dict[str, Any], definitions: dict[str, Any]) -> str:
    kind = _resolved(kind, definitions)
    if SEALED in kind:
        said = kind[SEALED]
        return f"words about the `{said['subject']}` of `{said['about']}`, sealed; for `{kind['x-permission']}`"
    if "anyOf" in kind:
        return " or ".join(_words(each, definitions) for each in kind["anyOf"])
    if "enum" in kind:
        return " or ".join(f"`{each}`" for each in kind["enum"])
    if kind.get("type") == "array":
        return f"list of {_words(kind.get('items', {}), definitions)}"
    return str(kind.get("format") or kind.get("type") or "anything")


def _resolved(kind: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = definitions[kind["$ref"].rpartition("/")[2]] if "$ref" in kind else kind
    return found
