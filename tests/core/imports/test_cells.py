"""What people write in cells, and what is made of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.imports import amounts, lookups
from core.search import fold
from core.testing.clients import ok
from tests.core.imports.bringing import LEADS, Bringing, workbook


def checked(bringing: Bringing, rows: list[tuple[Any, ...]], **options: Any) -> list[dict[str, str]]:
    """What the check says of each row: messages by column; nothing of one that would come in."""
    import_id = bringing.uploaded(rows, entity=LEADS, **options)
    assert bringing.do(import_id, "check")["state"] == "checked"
    return [{fault["column"]: fault["message"] for fault in row["faults"]} for row in bringing.rows(import_id)]


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("2500", "2500"),
            ("2500,75", "2500.75"),
            ("12,50", "12.50"),
            ("1,5", "1.5"),
            ("0,125", "0.125"),
            ("1234.50", "1234.50"),
            ("1234.567", "1234.567"),
            ("1.234,50", "1234.50"),
            ("1,234.50", "1234.50"),
            ("1.234.567", "1234567"),
            ("1,234,567.50", "1234567.50"),
            ("1,23,456.00", "123456.00"),
            ("1 234,50", "1234.50"),
            ("1\u202f234\u202f567,5", "1234567.5"),
            ("1'234.50", "1234.50"),
            ("-1,5", "-1.5"),
            ("+7", "7"),
            ("1.2.3", None),
            ("1,2345,678", None),
            ("1 234'567", None),
            ("12.", None),
            ("", None),
            ("abc", None),
            ("\u0661\u0662", None),
        ],
    )
    def test_are_read_by_what_they_show(self, text: str, amount: str | None) -> None:
        assert amounts.read(text, "auto") == amount

    @pytest.mark.parametrize("text", ["1.234", "1,234", "-12,500"])
    def test_that_show_nothing_are_not_guessed(self, text: str) -> None:
        with pytest.raises(amounts.Unclear):
            amounts.read(text, "auto")

    @pytest.mark.parametrize(
        ("text", "point", "comma"),
        [
            ("1,234", "1234", "1.234"),
            ("1.234", "1.234", "1234"),
            ("2500,75", None, "2500.75"),
            ("12,50", None, "12.50"),
            ("1234.50", "1234.50", None),
            ("1,23,456.00", "123456.00", None),
        ],
    )
    def test_are_read_by_the_mark_that_is_named(self, text: str, point: str | None, comma: str | None) -> None:
        assert (amounts.read(text, "."), amounts.read(text, ",")) == (point, comma)

    @given(st.decimals(-(10**12), 10**12, places=2), st.sampled_from([".", ","]), st.sampled_from(["auto", "named"]))
    def test_with_cents_come_back_however_they_are_written(self, amount: Decimal, mark: str, how: str) -> None:
        other = "," if mark == "." else "."
        text = f"{amount:,.2f}".replace(",", "x").replace(".", mark).replace("x", other)
        found = amounts.read(text, mark if how == "named" else "auto")
        assert found is not None
        assert Decimal(found) == amount

    def test_of_europe_come_in_as_they_are(self, bringing: Bringing) -> None:
        rows = [("Client", "Budget", "Budget currency"), ("Ana", "2500,75", "EUR"), ("Ben", "1.234,50", "EUR")]
        bringing.brought_in(rows, entity=LEADS)
        found = {each["contact_name"]: each["budget"]["amount"] for each in ok(bringing.api.get("/leads"))["items"]}
        assert found == {"Ana": "2500.75", "Ben": "1234.50"}

    def test_that_may_be_either_are_faulty_until_it_is_said(self, bringing: Bringing) -> None:
        rows: list[tuple[Any, ...]] = [("Client", "Budget"), ("Ana", "2.500")]
        [told] = checked(bringing, rows)
        assert "`decimal`" in told["budget"]
        assert checked(bringing, rows, decimal=",") == [{}]

    def test_in_texts_of_workbooks_are_not_multiplied(self, bringing: Bringing) -> None:
        data = workbook([("Client", "Budget"), ("Ana", "1234.50"), ("Ben", 1234.5)])
        import_id = ok(bringing.upload(data, entity=LEADS, name="leads.xlsx"), 201)["id"]
        bringing.change(import_id, options={"decimal": ","})
        bringing.do(import_id, "check")
        assert [row["state"] for row in bringing.rows(import_id)] == ["faulty", "good"]

    def test_of_fields_of_the_agencys_own_have_no_currency(self, bringing: Bringing) -> None:
        field = {"entity": LEADS, "key": "fee", "label": "Fee", "kind": "number", "decimals": 2}
        ok(bringing.api.post("/custom-fields", field), 201)
        told = checked(bringing, [("Client", "Fee"), ("Ana", "x"), ("Ben", "1,5")])
        assert told == [{"custom.fee": "This is no number such as 2400.00"}, {}]


class TestWords:
    @pytest.mark.parametrize("country", ["DE", "deu", "Germany", "Deutschland", "Allemagne", "Alemania", "Alemanha"])
    def test_for_countries_are_codes_and_names_in_several_languages(self, country: str) -> None:
        assert lookups.countries("en")[fold(country)] == "DE"

    @pytest.mark.parametrize("code", ["ZZ", "EU", "XA", "Unknown Region", "World", "276"])
    def test_that_are_no_countries_are_not_taken_for_any(self, code: str) -> None:
        assert fold(code) not in lookups.countries("en")

    def test_of_codes_are_checked_in_cells_on_their_own(self, bringing: Bringing) -> None:
        headings = ("Client", "Nationality", "Language", "Time zone", "Budget", "Budget currency")
        [told] = checked(bringing, [headings, ("Ana", "ZZ", "klingon", "Mars", "abc", "EURO")])
        assert told.keys() == {"nationality", "language", "zone", "budget", "budget_currency"}
        assert not any(word in str(told) for word in ("ZZ", "klingon", "tlh", "Mars", "abc", "EURO"))
