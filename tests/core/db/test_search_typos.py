"""Searching with a slip of the finger, in another script, or both: everything is found, the very words first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from core import search
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PEOPLE = (
    ("Zoë Müller", "zoe.mueller83@posteo.example", ["Marrakech", "Fès"]),
    ("Ana-Sofia Gonçalves", "goncalves@example.com", ["Moçambique"]),
    ("Søren Kjærgaard", "kjaergaard@example.dk", ["Færøerne"]),
    ("Иван Щукин", "shchukin@example.org", ["Камчатка"]),
    ("Ελένη Παπαδοπούλου", "eleni@example.gr", ["Σαντορίνη"]),
    ("محمد عبدالرحمن", "abdulrahman@example.ae", ["دبي"]),
    ("Oluwaseun Adeyemi", "oadeyemi@example.ng", ["Okavango"]),
)


def found(api: ApiClient, text: str, *, of: str = "/leads", **more: Any) -> list[str]:
    """The ids of a search, page after page."""
    seen: list[str] = []
    asked = {"q": text, "limit": 2, **more}
    while True:
        page = ok(api.get(of, query_string=asked))
        seen += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert len(seen) == len(set(seen))
    return seen


def lead(api: ApiClient, name: str, *, email: str = "", **more: Any) -> str:
    person = {"name": name} | ({"emails": [{"address": email}]} if email else {})
    made: str = ok(api.post("/leads", {"contact": person, **more}), 201)["id"]
    return made


def slipped(word: str, letters: str) -> st.SearchStrategy[str]:
    """A word with one letter too many, too few, another one, or two that changed places."""

    def typed(place: int, other: str, how: int) -> str:
        before, at, after = word[:place], word[place], word[place + 1 :]
        ways = (
            before + after,
            before + other + after,
            before + other + at + after,
            before + after[:1] + at + after[1:],
        )
        return ways[how]

    return st.builds(typed, st.integers(0, len(word) - 1), st.sampled_from(letters), st.integers(0, 3))


class TestATypo:
    def test_in_any_word_of_five_letters_still_finds_the_lead(self, api: ApiClient) -> None:
        leads = {
            lead(api, name, email=email, destinations=places): [*search.words(" ".join([name, email, *places]))]
            for name, email, places in PEOPLE
        }
        every = [(lead_id, word) for lead_id, words in leads.items() for word in words if len(word) >= 5]

        @hypothesis_settings(
            max_examples=120,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        )
        @given(st.data())
        def holds(data: st.DataObject) -> None:
            lead_id, word = data.draw(st.sampled_from(every))
            typed = data.draw(slipped(word, LETTERS if word.isascii() else word))
            assume(typed not in {"", "nul"})
            answer = found(api, typed)
            assert lead_id in answer
            for other in set(answer):
                # Nothing is found by a word further away, unless that begins with it.
                mine = {token for text in leads[other] for token in search.tokens_of([text])}
                spoken = {each.word for each in search.sought([typed])} | {typed}
                assert any(
                    token.startswith(way) or OSA.distance(token, way) <= 1 for token in mine for way in spoken
                ), (typed, other)

        holds()

    @pytest.mark.parametrize(
        "typed", ["Gonzales", "gonalez", "gonzaelz", "ogonzalez", "onzalez", "gonzalezz", "GONZÁLES"]
    )
    def test_may_be_anywhere(self, api: ApiClient, typed: str) -> None:
        wanted = lead(api, "Ana González")
        lead(api, "Bea Fernandez")
        assert found(api, typed) == [wanted]

    @pytest.mark.parametrize(
        "typed", ["gnzalz", "gonza1e2", "zalez", "amma", "an b", "gonzalez bea", "200000000", "lvma"]
    )
    def test_is_one_and_in_a_long_word(self, api: ApiClient, typed: str) -> None:
        lead(api, "Ana González", destinations=["Lima"])
        assert found(api, typed) == []

    def test_may_be_in_every_word(self, api: ApiClient) -> None:
        wanted = lead(api, "Ana González", destinations=["Marrakech"])
        lead(api, "Ana González", destinations=["Lisbon"])
        assert found(api, "gonzlez marakech ana") == [wanted]

    def test_in_the_number_of_a_reference_finds_no_other(self, api: ApiClient) -> None:
        one, other = lead(api, "Ana Duarte"), lead(api, "Bea Silva")
        shown = ok(api.get(f"/leads/{one}"))["reference"]
        assert found(api, shown) == [one]
        assert found(api, shown.rpartition("-")[2]) == [one]
        assert other not in found(api, shown)


class TestTheVeryWords:
    @pytest.mark.parametrize("sort", ["created_at", "-created_at"])
    def test_come_first_and_similar_ones_after_them(self, api: ApiClient, sort: str) -> None:
        names = ("Marta", "Maria", "Marta", "Mario", "Marta", "Maria", "Ana")
        made = [(lead(api, f"{name} Duarte"), name) for name in names]
        ordered = made if sort == "created_at" else made[::-1]
        very = [each for each, name in ordered if name == "Maria"]
        similar = [each for each, name in ordered if name in {"Marta", "Mario"}]
        assert found(api, "maria", sort=sort) == very + similar

    def test_and_similar_ones_are_counted(self, api: ApiClient) -> None:
        for name in ("Marta", "Maria", "Marta", "Ana"):
            lead(api, name)
        page = ok(api.get("/leads?q=maria&count=exact&limit=1"))
        assert page["total"] == 3
        assert ok(api.get(f"/leads?q=maria&count=estimate&limit=1&cursor={page['next']}"))["total"] == 3

    def test_narrow_what_is_found_with_filters(self, api: ApiClient) -> None:
        wanted = lead(api, "Marta", kind="group")
        lead(api, "Marta", kind="fit")
        assert found(api, "maria", kind="group") == [wanted]

    def test_alone_are_meant_where_many_rows_are_changed_at_once(self, api: ApiClient) -> None:
        maria, marta = lead(api, "Maria"), lead(api, "Marta")
        action = {"action": {"type": "delete"}, "filter": {"q": "maria"}}
        answer = ok(api.post("/leads/bulk", action, headers={"Idempotency-Key": "similar-1"}))
        assert [row["id"] for row in answer["rows"]] == [maria]
        assert found(api, "maria") == [marta]

    def test_of_a_deleted_lead_hide_no_similar_ones(self, api: ApiClient) -> None:
        marta = lead(api, "Marta")
        ok(api.delete(f"/leads/{lead(api, 'Maria')}", version="*"), 204)
        assert found(api, "maria") == [marta]


class TestOfOthers:
    def test_words_of_another_agency_neither_find_nor_hide(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        theirs = other_agency.member("owner")
        lead(theirs, "Maria Gonzalez")
        mine = lead(api, "Marta Gonsalez")
        assert found(api, "maria gonzalez") == [mine]
        assert mine not in found(theirs, "marta gonsalez")

    def test_words_of_leads_out_of_reach_neither_find_nor_hide(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        agent = agency.member("agent")
        lead(api, "Maria Gonzalez")
        mine = lead(agent, "Marta Gonsalez")
        assert found(agent, "maria gonzalez") == [mine]


class TestScripts:
    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("Иван Щукин", "ivan shchukin"),
            ("Ivan Shchukin", "Щукин"),
            ("Ελένη Παπαδοπούλου", "eleni papadopoulou"),
            ("Eleni Ellada", "Ελλάδα"),
            ("محمد", "mhmd"),
            ("王小明", "wang xiaoming"),
            ("王小明", "xiaoming wang"),
            ("王小明", "wangxiao"),
            ("王小明", "xiaomng"),
            ("王小明", "王小"),
            ("Wang Xiaoming", "王小明"),
            ("Gim Cheolsu", "김철수"),
            ("김철수", "cheolsu"),
            ("Søren Kjærgaard", "soren kjaergaard"),
            ("Soren Kjaergaard", "Søren Kjærgård"),
            ("Łukasz Żółć", "lukasz zolc"),
            ("Müller", "mueller"),
            ("हिन्दी", "hindi"),
            ("เชียงใหม่", "เชียงใหม่"),
        ],
    )  # fmt: skip
    def test_are_one(self, api: ApiClient, name: str, typed: str) -> None:
        lead(api, "Ana Duarte")
        wanted = lead(api, name)
        assert found(api, typed) == [wanted]

    def test_as_it_is_written_comes_first(self, api: ApiClient) -> None:
        written = lead(api, "Иванов")
        lead(api, "Ivanov")
        assert found(api, "Иванов", sort="-created_at")[0] == written

    def test_do_not_mix_vowel_signs_up(self, api: ApiClient) -> None:
        lead(api, "राम")
        assert found(api, "रोम") == []


class TestAnErasedPerson:
    def test_is_found_by_no_word_nor_by_one_like_it(self, api: ApiClient) -> None:
        gone = ok(api.post("/contacts", {"name": "Ελένη Gonzalez", "emails": [{"address": "eleni@example.gr"}]}), 201)
        for typed in ("gonzalez", "gonzlez", "Ελένη", "eleni"):
            assert found(api, typed, of="/contacts") == [gone["id"]]
        changed: dict[str, Any] = {"name": "Bea Silva", "given_name": None, "family_name": None, "emails": []}
        ok(api.patch(f"/contacts/{gone['id']}", changed, version="*"))
        for typed in ("gonzalez", "gonzlez", "Ελένη", "eleni"):
            assert found(api, typed, of="/contacts") == []
