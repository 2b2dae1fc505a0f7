"""The types of fields as pure functions: whatever is accepted comes back, and nothing else is stored."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids
from core.custom_fields import kinds
from core.custom_fields.kinds import COLUMNS, Definition
from core.custom_fields.schemas import MAX_DECIMALS, CustomChoice
from core.errors import Invalid

CODES = ("gold", "silver", "bronze")


def definition(kind: str, *, decimals: int = 0, max_length: int = 200) -> Definition:
    choices = [CustomChoice(code, code.title()) for code in CODES] if kind in {"choice", "choices"} else []
    return Definition(
        id=ids.new(), entity="leads.lead", key="own", label="Own", kind=kind, description=None, decimals=decimals,
        max_length=max_length, required=False, choices=choices, default=None, seen_by="everybody", personal=True,
    )  # fmt: skip


def stored_and_shown(wanted: Definition, value: Any) -> Any:
    """What a value looks like after it went through the database."""
    rows = kinds.read(wanted, value, pointer="/own")
    assert all(isinstance(row, {"number_value": int, "day_value": date}.get(COLUMNS[wanted.kind], str)) for row in rows)
    return kinds.show((wanted.key, wanted.kind, wanted.decimals, str(row)) for row in rows)[wanted.key]


@st.composite
def numbers(draw: st.DrawFn) -> tuple[int, str]:
    """A number of decimals, and a number with at most as many."""
    decimals = draw(st.integers(0, MAX_DECIMALS))
    scaled = draw(st.integers(-(2**63), 2**63 - 1))
    return decimals, format(Decimal(scaled).scaleb(-decimals), "f")


class TestRoundTrip:
    @given(st.text(min_size=1, max_size=200))
    def test_texts(self, text: str) -> None:
        assert stored_and_shown(definition("text"), text) == text

    @given(numbers())
    def test_numbers_keep_their_value_and_get_the_decimals_of_the_field(self, number: tuple[int, str]) -> None:
        decimals, text = number
        shown = stored_and_shown(definition("number", decimals=decimals), text)
        assert Decimal(shown) == Decimal(text)
        assert len(shown.partition(".")[2]) == decimals

    @given(st.dates())
    def test_dates(self, day: date) -> None:
        assert stored_and_shown(definition("date"), day.isoformat()) == day.isoformat()

    @given(st.booleans())
    def test_yes_and_no(self, value: bool) -> None:
        assert stored_and_shown(definition("boolean"), value) is value

    @given(st.lists(st.sampled_from(CODES), min_size=1, unique=True))
    def test_choices_keep_their_order(self, codes: list[str]) -> None:
        assert stored_and_shown(definition("choices"), codes) == codes
        assert stored_and_shown(definition("choice"), codes[0]) == codes[0]


class TestRefusals:
    @given(
        kind=st.sampled_from(sorted(COLUMNS)),
        value=st.one_of(
            st.text(), st.booleans(), st.lists(st.text(max_size=5), min_size=1), st.from_regex(r"-?\d+\.\d+")
        ),
    )
    def test_whatever_is_accepted_is_stored_as_its_type_and_comes_back(self, kind: str, value: Any) -> None:
        wanted = definition(kind, decimals=2 if kind == "number" else 0)
        try:
            shown = stored_and_shown(wanted, value)
        except Invalid:
            return
        assert stored_and_shown(wanted, shown) == shown
        assert shown == value or Decimal(shown) == Decimal(value)

    @pytest.mark.parametrize("text", ["NaN", "1e3", " 1", "1_0", "٣", "", ".5", "1.", "--1", "9223372036854775808"])
    def test_numbers_are_written_as_the_document_says(self, text: str) -> None:
        with pytest.raises(Invalid):
            kinds.read(definition("number"), text, pointer="/own")

    @pytest.mark.parametrize("text", ["2027-02-30", "20270514", "2027-05-14T00:00:00Z", "14.05.2027", "0000-01-01"])
    def test_dates_are_days_of_the_calendar(self, text: str) -> None:
        with pytest.raises(Invalid):
            kinds.read(definition("date"), text, pointer="/own")

    def test_zero_has_no_sign(self) -> None:
        assert stored_and_shown(definition("number", decimals=2), "-0.00") == "0.00"
