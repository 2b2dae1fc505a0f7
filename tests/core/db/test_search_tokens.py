"""The token table: what makes a thing findable, and what finds it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from core import ids, search
from core.db.session import unit_of_work
from core.extensions import db
from core.search import SearchToken
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest

ENTITY = "tests.thing"


class TestWords:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("Zürich", ["zurich"]),
            ("STRASSE Straße", ["strasse"]),
            ("Ål-ÖL", ["al", "ol"]),
            ("O'Brien  o'brien", ["o", "brien"]),
            ("東京 Tokyo", ["東京", "tokyo"]),
            ("ﬁne", ["fine"]),
            ("Ελλάδα ΕΛΛΆΔΑ", ["ελλαδα"]),
            ("", []),
            ("--- !!!", []),
        ],
    )
    def test_are_folded_and_come_once(self, text: str, found: list[str]) -> None:
        assert search.words(text) == found

    @given(st.text())
    def test_are_short_and_already_folded(self, text: str) -> None:
        for word in search.words(text):
            assert 0 < len(word) <= 64

    @given(st.text(st.characters(categories=["Lu", "Ll", "Nd"])))
    def test_do_not_depend_on_how_letters_are_composed(self, text: str) -> None:
        composed, taken_apart = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
        assert search.words(composed) == search.words(taken_apart)

    def test_of_a_number_are_its_digits_with_and_without_prefix(self) -> None:
        assert {"351912345678", "912345678"} <= search.tokens_of(["+351 912 345 678"])

    @given(st.text(min_size=1))
    def test_a_prefix_bounds_what_begins_with_it(self, text: str) -> None:
        for word in search.words(text):
            low, high = search.bounds(word[:2])
            assert low <= word < high


class TestIndex:
    def test_replaces_what_a_thing_was_found_by(self, acting: AgencyUnderTest) -> None:
        thing = ids.new()
        with unit_of_work() as work:
            search.index(ENTITY, thing, ["Ana Duarte", None, "ana@example.com"])
            assert self._tokens(thing) == {"ana", "duarte", "example", "com"}
            search.index(ENTITY, thing, ["Ana Silva"])
            assert self._tokens(thing) == {"ana", "silva"}
            search.forget(ENTITY, thing)
            assert self._tokens(thing) == set()
            work.discard()

    def _tokens(self, thing: object) -> set[str]:
        return set(db.session.scalars(select(SearchToken.token).where(SearchToken.entity_id == thing)))

    def test_goes_with_the_unit_of_work(self, acting: AgencyUnderTest) -> None:
        with unit_of_work() as work:
            search.index(ENTITY, ids.new(), ["Ana"])
            work.discard()
        assert db.session.scalar(select(func.count()).select_from(SearchToken)) == 0


class TestFinding:
    @pytest.mark.parametrize(
        "words",
        [
            "zoe",
            "ZOË",
            "zo mul",
            "müller zoë",
            "example.com",
            "+49 151 12345678",
            "+4915112345678",
            "4915112345678",
            "0151 / 1234-5678",
            "(0151) 12345678",
            "0049 151 12345678",
            "112345678",
            "+49 (0)151 12345678",
            "+49 0151 12345678",
            "15112345678",
            "49 151 12345678",
            "+49 15",
            "49 15",
            "+49 151 1234",
            "49 151-1234",
        ],
    )
    def test_by_words_beginnings_accents_and_numbers(self, api: ApiClient, words: str) -> None:
        phones, emails = [{"number": "+4915112345678"}], [{"address": "zoe@example.com"}]
        made = ok(api.post("/contacts", {"name": "Zoë Müller", "phones": phones, "emails": emails}), 201)
        ok(api.post("/contacts", {"name": "Bea Silva"}), 201)
        found = ok(api.get("/contacts", query_string={"q": words}))["items"]
        assert [row["id"] for row in found] == [made["id"]]

    @pytest.mark.parametrize(
        "words",
        ["oë", "zoe silva", "%", "_", "555 1234", "+49 151 87654321", "49 151 8", "15187654321", "'; drop", "\\"],
    )
    def test_finds_nothing_else(self, api: ApiClient, words: str) -> None:
        ok(api.post("/contacts", {"name": "Zoë Müller", "phones": [{"number": "+4915112345678"}]}), 201)
        assert ok(api.get("/contacts", query_string={"q": words}))["items"] == []
