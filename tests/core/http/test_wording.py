"""What faults say to people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from msgspec import Meta

from core.allow_lists.schemas import Network
from core.errors import Fault
from core.fields import Email
from core.http import faults
from core.http.application import Application
from core.http.structs import Draft
from core.privacy.schemas import PersonRef


class Opened(Draft, tag="open"):
    by: str = ""


class Closed(Draft, tag="close"):
    by: str = ""


class TestSentences:
    @pytest.mark.parametrize(
        ("value", "kind", "message"),
        [
            ("two", int, "Expected a whole number"),
            (5, str | None, "Expected a text"),
            (12.5, str | bool | list[str] | None, "Expected true or false or a text or a list; send a number as text"),
            ({}, str | bool | list[str] | None, "Expected true or false or a text or a list"),
            ("x", UUID, "Expected an id (UUID)"),
            ("red", Literal["new", "won"], "Choose one of new, won"),
            ("red", Annotated[Literal["new", "won"], Meta(examples=["new"])] | None, "Choose one of new, won"),
            ("", Annotated[str, Meta(min_length=1)], "Expected at least 1 characters"),
            (-1, Annotated[int, Meta(ge=0)], "Expected at least 0"),
            ("x", Email, "Expected another form: E-mail address, as ana@example.com"),
            ("x", Annotated[str, Meta(pattern="^y$", examples=["y"])], "Expected another form: as y"),
            ("x", Annotated[str, Meta(pattern="^y$", description="Y.")] | None, "Expected another form: Y"),
            ("x", Annotated[str, Meta(pattern="^y$")], "Expected another form"),
            ("10.0.0.0/8", Network, 'Expected an object, as {"network": "203.0.113.0/24"}'),
            ("x", PersonRef | None, "Expected an object with kind and id"),
            ("x", dict[str, int], "Expected an object"),
        ],
    )
    def test_are_plain_words(self, value: object, kind: object, message: str) -> None:
        assert [fault.message for fault in faults.found(value, kind)] == [message]

    @pytest.mark.parametrize("kind", [Opened, Opened | Closed, Annotated[Opened | Closed | None, Meta(title="Change")]])
    def test_name_what_there_is_to_choose_from_where_an_object_does_not_say_what_it_is(self, kind: Any) -> None:
        choices = "open" if kind is Opened else "open, close"
        for sent in ({"type": "explode", "by": 1}, {"type": ["open"]}):
            assert faults.found([sent], list[kind]) == [Fault("/0/type", "choice", f"Choose one of {choices}")]
        unsaid = [] if kind is Opened else [Fault("/0/type", "required", f"Choose one of {choices}")]
        assert faults.found([{}], list[kind]) == unsaid
        assert faults.found([{"by": 1}], list[kind]) == (unsaid or [Fault("/0/by", "type", "Expected a text")])
        assert faults.found([{"type": "open", "by": 1}], list[kind]) == [Fault("/0/by", "type", "Expected a text")]
        assert [fault.pointer for fault in faults.found([5], list[kind])] == ["/0"]

    def test_have_something_to_say_wherever_a_form_is_asked_for(self, app: Application) -> None:
        """A text with a pattern says what it is, and shows one."""
        mute = []
        for name, schema in app.api.document()["components"]["schemas"].items():
            for field, described in _texts(schema):
                if "pattern" in described and not (described.get("description") and described.get("examples")):
                    mute.append(f"{name}.{field}")
        assert mute == []


def _texts(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for field, described in schema.get("properties", {}).items():
        for each in (described, *described.get("anyOf", ()), described.get("items", {})):
            yield field, each
