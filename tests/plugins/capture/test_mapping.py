"""How what a sender sends is read: pure rules."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.capture.schemas.hooks import Mapping
from plugins.capture.service import mapping

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def read(rule: dict[str, Any], sent: Any) -> Any:
    rules = msgspec.convert([{"field": "message", **rule}], Mapping)
    filled = mapping.fill(rules, sent)
    assert not filled.faults
    return filled.values.get("message")


NAME = {"type": "take", "path": "/name"}
SENT = {
    "a": {"b": [{"c": "x"}, "y"]},
    "slash/tilde~": "z",
    "none": None,
    "blank": "  ",
    "yes": True,
    "zero": 0,
    "name": "Ana Maria Duarte",
    "turned": "Duarte, Ana Maria",
    "one": "Ana",
    "when": "14/5/2027 18:30",
    "type": "Honeymoon",
}


class TestRules:
    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ({"type": "take", "path": "/a/b/0/c"}, "x"),
            ({"type": "take", "path": "/a/b/1"}, "y"),
            ({"type": "take", "path": "/slash~1tilde~0"}, "z"),
            ({"type": "take", "path": "/a/b/01"}, None),
            ({"type": "take", "path": "/a/b/-1"}, None),
            ({"type": "take", "path": "/a/b/9"}, None),
            ({"type": "take", "path": "/none/x"}, None),
            ({"type": "take", "path": "/zero"}, 0),
            ({"type": "constant", "value": "always"}, "always"),
            ({"type": "first_of", "paths": ["/none", "/blank", "/a", "/a/b/1"]}, "y"),
            ({"type": "join", "paths": ["/a/b/1", "/blank", "/none", "/one"], "separator": ", "}, "y, Ana"),
            ({"type": "map", "path": "/type", "values": {"Honeymoon": "fit"}}, "fit"),
            ({"type": "map", "path": "/type", "values": {"x": "y"}, "otherwise": "group"}, "group"),
            ({"type": "map", "path": "/yes", "values": {"true": "sure"}}, "sure"),
            ({"type": "map", "path": "/none", "values": {"x": "y"}}, None),
            ({"type": "date", "path": "/when", "format": "D/M/YYYY HH:mm"}, "2027-05-14"),
            ({"type": "date", "path": "/none", "format": "YYYY-MM-DD"}, None),
            ({"type": "given_name", "path": "/name"}, "Ana Maria"),
            ({"type": "family_name", "path": "/name"}, "Duarte"),
            ({"type": "given_name", "path": "/turned"}, "Ana Maria"),
            ({"type": "family_name", "path": "/turned"}, "Duarte"),
            ({"type": "given_name", "path": "/one"}, None),
            ({"type": "family_name", "path": "/one"}, "Ana"),
        ],
    )
    def test_fill_a_field(self, rule: dict[str, Any], expected: Any) -> None:
        assert read(rule, SENT) == expected

    @pytest.mark.parametrize(
        ("rule", "code"),
        [
            ({"type": "take", "path": "/a"}, "type"),
            ({"type": "take", "path": "/a/b"}, "type"),
            ({"type": "map", "path": "/type", "values": {"x": "y"}}, "unmapped"),
            ({"type": "date", "path": "/type", "format": "DD/MM/YYYY"}, "format"),
            ({"type": "date", "path": "/when", "format": "M/D/YYYY HH:mm"}, "format"),
        ],
    )
    def test_say_what_they_cannot_read(self, rule: dict[str, Any], code: str) -> None:
        rules = msgspec.convert([{"field": "message", **rule}, {"field": "name", **NAME}], Mapping)
        filled = mapping.fill(rules, SENT)
        assert [(each.pointer, each.code) for each in filled.faults] == [("/values/message", code)]
        assert filled.values == {"name": "Ana Maria Duarte"}

    @given(sent=JSON, path=st.text("/~01abc", max_size=8))
    def test_whatever_is_sent_is_read_or_refused(self, sent: Any, path: str) -> None:
        for rule in (
            {"type": "take", "path": path},
            {"type": "first_of", "paths": [path, ""]},
            {"type": "join", "paths": ["", path]},
            {"type": "map", "path": path, "values": {"a": "b"}},
            {"type": "date", "path": path, "format": "DD.MM.YY"},
            {"type": "given_name", "path": path},
            {"type": "family_name", "path": path},
        ):
            try:
                rules = msgspec.convert([{"field": "message", **rule}], Mapping)
            except msgspec.ValidationError:
                # No pointer at all.
                return
            found = mapping.fill(rules, sent).values.get("message")
            assert found is None or isinstance(found, str | int | float | bool | list)

    @given(day=st.dates(date(1000, 1, 1)), form=st.sampled_from(["DD/MM/YYYY", "YYYY-MM-DD", "M-D-YYYY", "YYYY.D.M"]))
    def test_every_day_is_read_as_it_was_written(self, day: date, form: str) -> None:
        parts = {"YYYY": f"{day.year:04}", "MM": f"{day.month:02}", "M": str(day.month), "DD": f"{day.day:02}"}
        written = form.replace("YYYY", parts["YYYY"])
        for word, text in (("MM", parts["MM"]), ("DD", parts["DD"]), ("M", parts["M"]), ("D", str(day.day))):
            written = written.replace(word, text)
        assert read({"type": "date", "path": "", "format": form}, written) == day.isoformat()
