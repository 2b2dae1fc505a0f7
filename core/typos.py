"""Words one slip of a finger away from a word: a letter too many, too few, another one, or two that changed places."""

from __future__ import annotations

from collections.abc import Iterator

SHORTEST = 5
"""Shorter words have no room for a slip: Ana and Ann, Lima and Lime are two words."""
LONGEST = 20
"""What is longer is no name that anybody types by heart, and has as many slips as it has letters."""
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
# As `search.fold` leaves letters: without accents and points. What other languages of a script add stands behind it.
_OTHERS = (
    "αβγδεζηθικλμνξοπρστυφχψω",
    "абвгдежзиклмнопрстуфхцчшщъыьэюя" + "єґђљњћџјѕ",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىء" + "پچژگکی" + "ٹڈڑںےہھ",
    "אבגדהוזחטיכלמנסעפצקרשת" + "ךםןףץ",
    "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
)


def near(word: str) -> list[str]:
    """The words of SHORTEST letters and more that a folded word may have been meant to be, in order.

    Left out are those that it begins, which are found as it stands. What is mostly digits is a number, or a reference,
    and means no other; what is longer than LONGEST, or of several scripts, is nobody's name.
    """
    scripts = [script for script in (_LATIN, *_OTHERS) if any(letter in script for letter in word)]
    if len(word) > LONGEST or len(scripts) > 1 or sum(map(str.isalpha, word)) < SHORTEST - 1:
        return []
    letters = _letters_of(word, scripts)
    found = {other for other in _slips(word, letters) if len(other) >= SHORTEST and not other.startswith(word)}
    return sorted(found)


def _letters_of(word: str, scripts: list[str]) -> str:
    """What may stand in a word."""
    # A number within a word may have been mistyped; without one, nobody meant any.
    digits = _DIGITS if any(letter in _DIGITS for letter in word) else ""
    return "".join(scripts) + digits


def _slips(word: str, letters: str) -> Iterator[str]:
    for place, letter in enumerate(word):
        before, after = word[:place], word[place + 1 :]
        yield before + after
        if after:
            yield before + after[0] + letter + after[1:]
        for other in letters:
            yield before + other + after
            yield before + other + letter + after
