"""The page about events: for each plugin what it publishes, streams, sends and takes, with fields and examples."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from jinja2 import Environment
from markupsafe import Markup, escape

from core.events.catalogue import permission_of
from core.events.log import subject_of
from core.http.live_types import LiveTypes
from core.http.schemas import Schema
from core.realtime import protocol

if TYPE_CHECKING:
    from core.events.event import Event
    from core.http.application import Application
    from core.plugins.spec import Plugin

_DEPTH = 3
_BAR = """<header class="tripfile-bar"><strong>Tripfile</strong>
{%- for address, name in (("/docs", "API"), ("/docs/events", "Events")) %}
<a href="{{ address }}"{% if address == current %} aria-current="page"{% endif %}>{{ name }}</a>
{%- endfor %}
<a class="file" href="/{{ file }}">{{ file }}</a></header>"""
_STEP = re.compile(r"^\d+\. ")


class Row(msgspec.Struct, frozen=True):
    """A field in a table."""

    name: str
    type: str
    about: Markup
    required: bool


class Shape(msgspec.Struct, frozen=True):
    """What a payload looks like."""

    rows: list[Row]
    example: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something that travels: an event of a socket or of the log, or the items of a topic."""

    name: str
    anchor: str
    summary: Markup
    sent: Shape
    answer: Shape | None = None
    permission: str | None = None
    rate: str = ""


def bar(current: str) -> Markup:
    """The head of every page of documentation."""
    file = "openapi.json" if current == "/docs" else "asyncapi.json"
    return Markup(_templates().from_string(_BAR).render(current=current, file=file))  # noqa: S704 - a template of ours


def render(app: Application, types: LiveTypes) -> str:
    """The page as HTML."""
    plugins = app.extensions["tripfile.plugins"].plugins.values()
    parts = [part for plugin in plugins if (part := _part(plugin, types))["count"]]
    own = [
        _request(types, "gateway", name, each.summary, each.accepts, each.answers, rate=each.rate)
        for name, each in protocol.REQUESTS.items()
    ]
    told = [
        _announcement(types, "gateway", name, each.summary, each.data) for name, each in protocol.ANNOUNCEMENTS.items()
    ]
    template = _templates().from_string((files("core.http") / "pages" / "events.html").read_text())
    return template.render(
        bar=bar("/docs/events"),
        prefix=app.settings.api_prefix,
        protocol=list(_paragraphs(protocol.GUIDE)),
        requests=own,
        announcements=told,
        parts=parts,
    )


@cache
def _templates() -> Environment:
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _part(plugin: Plugin, types: LiveTypes) -> dict[str, Any]:
    events = [_event(types, name, kind) for name, kind in types.events.items() if name.split(".")[0] == plugin.name]
    requests = [
        _request(
            types, plugin.name, name, inspect.getdoc(each.function) or "", each.accepts, each.answers,
            permission=each.permission, rate=each.rate,
        )
        for name, each in plugin.sockets.items()
    ]  # fmt: skip
    announcements = [
        _announcement(types, plugin.name, name, inspect.getdoc(data) or "", data) for name, data in plugin.emits.items()
    ]
    topics = [
        {
            "name": each.name,
            "summary": _inline(each.summary),
            "permission": each.permission,
            "shape": _shape(types, types.schema(each.item)),
        }
        for each in plugin.topics
    ]
    return {
        "name": plugin.name,
        "address": f"/{plugin.segment}",
        "summary": plugin.summary,
        "events": events,
        "topics": topics,
        "requests": requests,
        "announcements": announcements,
        "rooms": [{"kind": each.kind, "summary": _inline(each.summary)} for each in plugin.rooms],
        "count": len(events) + len(topics) + len(requests) + len(announcements) + len(plugin.rooms),
    }


def _event(types: LiveTypes, name: str, kind: type[Event]) -> dict[str, Any]:
    return {
        "name": name,
        "version": kind.schema_version,
        "summary": _inline(_first_line(inspect.getdoc(kind) or "")),
        "permission": permission_of(kind, types.plugins),
        "subject": subject_of(kind),
        "shape": _shape(types, types.schema(kind)),
    }


def _request(
    types: LiveTypes,
    owner: str,
    name: str,
    summary: str,
    accepts: type,
    answers: type | None,
    *,
    permission: str | None = None,
    rate: str,
) -> Message:
    amount, _, period = rate.partition("/")
    return Message(
        name=name,
        anchor=f"{owner}-takes-{name}",
        summary=_inline(_first_line(summary)),
        sent=_shape(types, types.schema(accepts)),
        answer=_shape(types, types.schema(answers)) if answers else None,
        permission=permission,
        rate=f"{amount} times a {period}",
    )


def _announcement(types: LiveTypes, owner: str, name: str, summary: str, data: type) -> Message:
    shape = _shape(types, types.schema(data))
    return Message(name=name, anchor=f"{owner}-sends-{name}", summary=_inline(_first_line(summary)), sent=shape)


def _shape(types: LiveTypes, schema: Schema) -> Shape:
    example = json.dumps(types.example(schema), indent=2, ensure_ascii=False)
    return Shape(list(_rows(schema, types.components)), example)


def _rows(schema: Schema, components: Mapping[str, Schema], prefix: str = "", depth: int = 0) -> Iterator[Row]:
    """A row for each field, and for the fields within it."""
    schema = _resolved(schema, components)
    required = set(schema.get("required", ()))
    for name, member in schema.get("properties", {}).items():
        inner, many = _inside(member, components)
        about = member.get("description") or ("" if inner.get("properties") else inner.get("description", ""))
        yield Row(prefix + name, _type(member, components), _inline(about), name in required)
        if depth < _DEPTH and inner.get("properties"):
            yield from _rows(inner, components, f"{prefix}{name}{'[]' if many else ''}.", depth + 1)


def _inside(member: Schema, components: Mapping[str, Schema]) -> tuple[Schema, bool]:
    """What a field holds when it is there, and whether it is a list of that."""
    member = _resolved(_present(member), components)
    if member.get("type") == "array" and "items" in member:
        return _resolved(_present(member["items"]), components), True
    return member, False


def _present(member: Schema) -> Schema:
    real = [each for each in member.get("anyOf", ()) if each.get("type") != "null"]
    return real[0] if len(real) == 1 else member


def _resolved(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    while "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    return schema


def _type(member: Schema, components: Mapping[str, Schema]) -> str:
    """The type in a word or two."""
    if "anyOf" in member:
        return " or ".join(dict.fromkeys(_type(each, components) for each in member["anyOf"]))
    schema = _resolved(member, components)
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema['items'], components)}" if "items" in schema else "list"
    return str(schema.get("format") or {"string": "text"}.get(kind, kind))


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _inline(text: str) -> Markup:
    """Prose with its `code` and **strong** words."""
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe))  # noqa: S704 - escaped in the line above


def _paragraphs(text: str) -> Iterator[dict[str, Any]]:
    """The paragraphs of a text, with their numbered steps."""
    for paragraph in text.strip().split("\n\n"):
        before: list[str] = []
        steps: list[str] = []
        after: list[str] = []
        for line in paragraph.splitlines():
            if _STEP.match(line):
                steps.append(_STEP.sub("", line))
            elif steps and line.startswith(" "):
                steps[-1] += f" {line.strip()}"
            else:
                (before if not steps else after).append(line)
        yield {
            "text": _inline(" ".join(before)),
            "steps": [_inline(step) for step in steps],
            "after": _inline(" ".join(after)),
        }
