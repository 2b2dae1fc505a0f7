"""What is said of faulty rows: all that is wrong, in which column, and nothing of what the cells say."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Fault
from core.imports.rows import _told
from core.testing.clients import ok
from tests.core.imports.bringing import LEADS, Bringing


def checked(bringing: Bringing, *rows: tuple[Any, ...], **options: Any) -> dict[str | None, str]:
    """What the check says of the first row below the headings."""
    import_id = bringing.uploaded(rows, entity=LEADS, **options)
    assert bringing.do(import_id, "check")["state"] == "checked"
    return {fault["column"]: fault["message"] for fault in bringing.rows(import_id)[0]["faults"]}


class TestAMessage:
    def test_stays_as_it_is_where_cells_say_some_of_it(self, bringing: Bringing) -> None:
        told = checked(bringing, ("Client", "adults", "start_date", "nights"), ("Expected", "-1", "soon", "least"))
        assert told == {
            "adults": "Expected at least 0",
            "start_date": "This is no date such as 2027-05-14",
            "nights": "This is no whole number",
        }

    def test_quotes_no_cell_that_it_is_about(self, bringing: Bringing) -> None:
        ok(
            bringing.api.post(
                "/custom-fields",
                {"entity": LEADS, "key": "likes", "label": "Likes", "kind": "choices"}
                | {"choices": [{"code": "a", "label": "A"}, {"code": "b", "label": "B"}]},
            ),
            201,
        )
        told = checked(bringing, ("Client", "Likes", "Phone", "Country"), ("Ana", "Z, a", "12", "Portugal"))
        assert told["custom.likes"] == "Each is one of: a, b"
        assert "PT" not in told["contact_phone"]

    @pytest.mark.parametrize(
        ("message", "words", "kept"),
        [
            ("ZZ is not a country code", {"ZZ"}, "\u2026 is not a country code"),
            ("There is no choice 'Z'; choose from x", {"Z"}, "There is no choice '\u2026'; choose from x"),
            ("This is no date such as 2027-05-14", {"05", "-1"}, "This is no date such as 2027-05-14"),
            ("tlh is not a known language", {"klingon", "tlh"}, "\u2026 is not a known language"),
        ],
    )
    def test_loses_words_of_its_cell_as_a_whole(self, message: str, words: set[str], kept: str) -> None:
        said = {"mine": words, "other": {"code", "choose", "date", "known"}}
        assert _told("mine", Fault("/mine", "value", message), said).message == kept


class TestARow:
    def test_of_nobody_misses_a_client(self, bringing: Bringing) -> None:
        told = checked(bringing, ("Client", "E-mail", "adults", "end_date"), ("", "nowhere", "-1", "x"))
        assert told.keys() == {"contact_name", "contact_email", "adults", "end_date"}

    def test_with_an_amount_that_is_none_has_its_currency_looked_at(self, bringing: Bringing) -> None:
        told = checked(bringing, ("Client", "Budget", "Budget currency"), ("Ana", "abc", "EURO"))
        assert told.keys() == {"budget", "budget_currency"}

    def test_with_a_currency_that_is_none_is_not_judged_by_another_one(self, bringing: Bringing) -> None:
        told = checked(bringing, ("Client", "Budget", "Budget currency"), ("Ana", "12.505", "EURO"), decimal=".")
        assert told.keys() == {"budget_currency"}

    def test_misses_what_it_needs_though_other_cells_cannot_be_read(self, bringing: Bringing) -> None:
        field = {"entity": LEADS, "key": "visa", "label": "Visa", "kind": "text", "required": True}
        ok(bringing.api.post("/custom-fields", field), 201)
        told = checked(bringing, ("Client", "Visa", "end_date"), ("Ana", "", "x"))
        assert told.keys() == {"custom.visa", "end_date"}
