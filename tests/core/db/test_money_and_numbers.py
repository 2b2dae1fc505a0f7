"""Money to the minor unit, and reference numbers without gaps or twins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db.session import unit_of_work
from core.errors import Invalid
from core.money import Money, exponent, from_minor, to_minor
from core.references import next_reference
from core.testing.factories import AgencyUnderTest

Inside = Callable[[UUID], AbstractContextManager[None]]
BY_EXPONENT = {"JPY": 0, "ISK": 0, "EUR": 2, "USD": 2, "KWD": 3, "TND": 3}


class TestMoney:
    @pytest.mark.parametrize(("currency", "places"), BY_EXPONENT.items())
    def test_knows_the_minor_unit(self, currency: str, places: int) -> None:
        assert exponent(currency) == places

    @given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(BY_EXPONENT)))
    def test_comes_back_from_minor_units_as_it_was(self, minor: int, currency: str) -> None:
        money = from_minor(minor, currency)
        assert to_minor(money) == minor
        assert money.amount.as_tuple().exponent == -BY_EXPONENT[currency]

    @pytest.mark.parametrize(
        ("amount", "currency", "minor"),
        [
            ("2400", "EUR", 240000),
            ("2400.5", "EUR", 240050),
            ("2400", "JPY", 2400),
            ("0.005", "KWD", 5),
            ("1E3", "EUR", 100000),
        ],
    )
    def test_in_minor_units(self, amount: str, currency: str, minor: int) -> None:
        assert to_minor(Money(Decimal(amount), currency)) == minor

    @pytest.mark.parametrize(
        ("amount", "currency", "pointer"),
        [
            ("0.005", "EUR", "/amount"),
            ("0.5", "JPY", "/amount"),
            ("0.0005", "KWD", "/amount"),
            ("NaN", "EUR", "/amount"),
            ("Infinity", "EUR", "/amount"),
            ("1E16", "EUR", "/amount"),
            ("1", "XXQ", "/currency"),
        ],
    )
    def test_finer_or_unknown_is_refused(self, amount: str, currency: str, pointer: str) -> None:
        with pytest.raises(Invalid) as caught:
            to_minor(Money(Decimal(amount), currency))
        assert [fault.pointer for fault in caught.value.errors] == [pointer]


class TestReferences:
    def test_count_from_one_by_series(self, acting: AgencyUnderTest) -> None:
        with unit_of_work():
            numbers = [next_reference(series).rpartition("-")[2] for series in ("L", "L", "Q", "L")]
        assert numbers == ["00001", "00002", "00001", "00003"]

    def test_a_rolled_back_number_is_given_out_again(self, acting: AgencyUnderTest) -> None:
        with unit_of_work():
            next_reference("L")
        with unit_of_work() as work:
            lost = next_reference("L")
            work.discard()
        with unit_of_work():
            assert next_reference("L") == lost

    def test_many_at_once_get_each_number_once_and_none_is_missing(
        self, agency: AgencyUnderTest, inside: Inside
    ) -> None:
        def take(number: int) -> str | None:
            with inside(agency.id), unit_of_work() as work:
                reference = next_reference("L")
                if number % 5 == 0:
                    work.discard()
                    return None
                return reference

        with ThreadPoolExecutor(4) as pool:
            taken = [each for each in pool.map(take, range(60)) if each is not None]
        assert sorted(int(each.rpartition("-")[2]) for each in taken) == list(range(1, 49))

    def test_agencies_count_apart(self, inside: Inside, agency: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        found = set()
        for each in (agency, other_agency):
            with inside(each.id), unit_of_work():
                found.add(next_reference("L"))
        assert len(found) == 1
