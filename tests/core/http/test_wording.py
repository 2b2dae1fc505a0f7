"""What faults say to people."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import pytest
from msgspec import Meta

from core.fields import Email
from core.http import faults


class TestSentences:
    @pytest.mark.parametrize(
        ("value", "kind", "message"),
        [
            ("two", int, "Expected a whole number"),
            (5, str | None, "Expected a text"),
            ("x", UUID, "Expected an id (UUID)"),
            ("red", Literal["new", "won"], "Choose one of new, won"),
            ("red", Annotated[Literal["new", "won"], Meta(examples=["new"])] | None, "Choose one of new, won"),
            ("", Annotated[str, Meta(min_length=1)], "Expected at least 1 characters"),
            (-1, Annotated[int, Meta(ge=0)], "Expected at least 0"),
            ("x", Email, "Expected another form: E-mail address, as ana@example.com"),
        ],
    )
    def test_are_plain_words(self, value: object, kind: object, message: str) -> None:
        assert [fault.message for fault in faults.found(value, kind)] == [message]
