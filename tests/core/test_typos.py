"""Words one slip away: every one of them, and none that is further."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from core import search, typos

ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "абвгдежзиклмнопрстуфхцчшщъыьэюя", "αβγδεζηθικλμνξοπρστυφχψω")


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str]:
    """A word of five letters and more, and what was typed for it."""
    letters = st.sampled_from(draw(st.sampled_from(ALPHABETS)))
    word = draw(st.text(letters, min_size=5, max_size=14))
    place = draw(st.integers(0, len(word) - 1))
    before, at, after = word[:place], word[place], word[place + 1 :]
    other = draw(letters)
    swapped = before + after[:1] + at + after[1:]
    return word, draw(st.sampled_from([before + after, before + other + after, before + other + at + after, swapped]))


class TestNear:
    @given(slips())
    def test_has_what_was_meant(self, slip: tuple[str, str]) -> None:
        word, typed = slip
        assume(not word.startswith(typed))
        assert word in typos.near(typed)

    @given(st.text(st.sampled_from(ALPHABETS[0] + "0123456789"), max_size=12))
    def test_has_nothing_further_away(self, typed: str) -> None:
        found = typos.near(typed)
        assert found == sorted(set(found))
        for word in found:
            assert OSA.distance(typed, word) == 1
            assert len(word) >= typos.SHORTEST
            assert not word.startswith(typed)

    @pytest.mark.parametrize("word", ["", "ana", "lim", "2026", "000123", "351912345678"])
    def test_leaves_short_words_and_numbers_alone(self, word: str) -> None:
        assert typos.near(word) == []

    def test_keeps_a_short_word_apart_from_a_longer_one(self) -> None:
        # Typed with a letter too many, it would be found by every other short word.
        assert "anna" not in typos.near("annax")
        assert "joana" in typos.near("jona")

    @pytest.mark.parametrize("word", ["b" * 21, "maжria", "ξλψmaria", "gonzalжz"])
    def test_leaves_long_words_and_those_of_several_scripts_alone(self, word: str) -> None:
        assert typos.near(word) == []


SCRIPTS = "abcxyz019 -éßабвяїαβωبتپאבםაბჰաբֆ王小ひक"


def number(asked: str) -> int:
    return sum(len(each.spellings) for each in search.sought(search.asked(asked)))


class TestASearch:
    @given(st.one_of(st.text(max_size=200), st.text(st.sampled_from(SCRIPTS), max_size=200)))
    def test_has_a_bounded_number_of_spellings(self, asked: str) -> None:
        assert number(asked) <= search.MAX_SPELLINGS

    @pytest.mark.parametrize("letters", ["bψжبאაԳ", "ა", "ب", "ж", "b"])
    def test_has_so_few_however_long_its_words_are(self, letters: str) -> None:
        for length in (5, 10, 20, 62):
            word = (letters * length)[:length]
            assert number(" ".join(first + word[1:] for first in letters + "xyzuvw")) <= search.MAX_SPELLINGS

    @pytest.mark.parametrize("asked", ["Maximiliana Hernandez Rodriguez Gonzalez", "Александра Щукинская-Петрова"])
    def test_has_those_of_each_word_of_a_full_name(self, asked: str) -> None:
        assert all(each.spellings for each in search.sought(search.asked(asked)))
