"""Bodies that are read as they came: what others sign, and what web pages post, in more than one form."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from core.errors import Fault
from core.http import decoding
from core.http.decoding import MalformedBody, UnsupportedMediaType
from core.http.faults import step_pointer

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 500


class Sent(msgspec.Struct, frozen=True):
    """A body as it came."""

    media_type: str
    data: bytes

    @property
    def is_form(self) -> bool:
        """Whether a page without a script posted it."""
        return self.media_type == FORM

    def values(self) -> Any:
        """What it says, as plain values; of a form an object of texts, and of lists where a name came several times.

        Raises MalformedBody, or Invalid for what could hurt whoever stores or reads it.
        """
        return _form(self.data) if self.is_form else decoding.parse(self.data)


def receive(request: Request, media_types: tuple[str, ...]) -> Sent:
    """The body of a request. Raises MalformedBody, UnsupportedMediaType for one of another type."""
    if request.content_encoding not in (None, "", "identity"):
        raise UnsupportedMediaType(f"Content-Encoding {request.content_encoding} is not read here")
    data = decoding.body_of(request)
    if request.content_length is None and len(data) >= (request.max_content_length or math.inf):
        # A body of untold length is cut off at the limit without a word.
        raise RequestEntityTooLarge
    media_type = JSON if request.is_json else request.mimetype
    if media_type not in media_types:
        raise UnsupportedMediaType(f"Send the body as {' or '.join(media_types)}")
    if not data:
        raise MalformedBody("A body is required")
    return Sent(media_type, data)


def _form(data: bytes) -> dict[str, str | list[str]]:
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise MalformedBody(f"This is no form of at most {MOST_FIELDS} fields in UTF-8") from None
    decoding.refuse(_unsafe(pairs))
    found: dict[str, str | list[str]] = {}
    for name, value in pairs:
        before = found.get(name)
        found[name] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    return found


def _unsafe(pairs: list[tuple[str, str]]) -> Iterator[Fault]:
    for name, value in pairs:
        # A name that is no text cannot be echoed.
        faults = [*decoding.unsafe_text(name, "")] or [*decoding.unsafe_text(value, step_pointer(name))]
        yield from faults
