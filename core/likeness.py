"""How alike two names are, or two stretches of days: pure scores from 0 to 100, the same whichever comes first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.distance import Indel, JaroWinkler

from core.search import Keyed, fold

ALIKE = 85
"""From this score on two names may well be one person's."""
MAX_WORDS = 8
_MOST_KEYS = 6
_WORD = re.compile(r"[a-z0-9]+")
_SYLLABLE = re.compile("(?<=[a-z])(?=[A-Z])")
# Written inside a word: O'Brien is Obrien, and the modifier letters that romanised Arabic has are no letters of it.
_INSIDE = re.compile("['`\u00b4\u2018\u2019\u02bb\u02bc\u02be\u02bf]")
_TITLES = frozenset(
    "mr mrs ms miss mx dr prof sir dame herr frau hr fr mme mlle sr sra srta don dona sig sigra".split()
)
_FORMS = frozenset("ltd limited inc llc llp plc corp co gmbh ag kg sa sas sarl srl spa bv nv oy ab as pty pte".split())
# Ways to write one sound, longest first: what a passport of one country spells with two letters another has one for.
_SPELLINGS = (
    ("tsch", "c"),
    ("sch", "s"),
    ("tch", "c"),
    ("ai", "ai"),
    ("ay", "ai"),
    ("ei", "ai"),
    ("ey", "ai"),
    ("ae", "a"),
    ("oe", "o"),
    ("ue", "u"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ie", "i"),
    ("ph", "f"),
    ("th", "t"),
    ("kh", "h"),
    ("dh", "d"),
    ("gh", "g"),
    ("sh", "s"),
    ("ch", "c"),
    ("zh", "j"),
    ("ck", "k"),
    ("qu", "k"),
    ("dj", "j"),
    ("x", "ks"),
    ("q", "k"),
    ("w", "v"),
    ("y", "i"),
    ("z", "s"),
    ("c", "k"),
    ("j", "i"),
)
_SPELLING = re.compile("|".join(each for each, _ in _SPELLINGS))
_SPELLED = dict(_SPELLINGS)
# Of Sarah and Johnson, not of Mohammed.
_SILENT = re.compile("(?<=[aeiou])h(?![aeiou])")
_REPEATED = re.compile(r"(.)\1+")
_VOWELS = re.compile("[aeiou]")
_LEAST_WORD = 0.78
"""Words less alike than this are two words."""
_SOUND = 0.92
_INITIAL = 0.8
_MISSING = 0.45
"""What a word that the other name does not have counts, beside one that both have."""
_HALF = 70
"""The most that a given name or a family name alone is like a whole name."""


def names(one: str, other: str) -> int:
    """How alike two names of people or companies are: 100 is the same, 0 has nothing in common.

    Case, accents, titles, legal forms and the order of words do not count; other scripts are romanised. An initial
    stands for a name that starts with it, spellings of the same sounds (Mueller and Müller, Mohammed and Muhammad)
    for each other, and a middle name that only one of them has costs little.
    """
    left, right = sorted((_words(one), _words(other)))
    if not left or not right:
        # Nothing is like nothing only where it is the same: two names of symbols.
        return 100 if one.strip() and fold(one.strip()) == fold(other.strip()) else 0
    if sorted(left) == sorted(right) or "".join(left) == "".join(right):
        return 100
    score = round(100 * max(_matched(left, right), _joined(left, right)))
    # Only the same is a hundred.
    return min(score, 99)


def keys(name: str) -> list[str]:
    """Keys that names alike share at least one of, as a rule: what is left of each word's sounds without vowels."""
    return list(dict.fromkeys(_skeleton(word) for word in _words(name) if len(word) > 1))[:_MOST_KEYS]


def named(name: str) -> Keyed:
    """A name for the search, which then finds it by its keys as well."""
    return Keyed(name, keys(name))


def days(one: tuple[date, date], other: tuple[date, date], *, window: int) -> int:
    """How alike two stretches of days are, first and last day each: 100 is the same.

    Those that overlap have at least 50, by how much of the days of either is common to both; those that do not sink
    to 0 as the gap between them grows to `window` days.
    """
    starts, ends = sorted((one[0], other[0])), sorted((one[1], other[1]))
    common = (ends[0] - starts[1]).days + 1
    if common > 0:
        return 50 + 50 * common // ((ends[1] - starts[0]).days + 1)
    gap = 1 - common
    return max(0, 50 - 50 * gap // (window + 1))


def places(one: Sequence[str], other: Sequence[str]) -> int:
    """How alike two lists of places are: the share of the shorter list that the longer one has, in words folded."""
    left, right = ({" ".join(_words(each)) or fold(each) for each in places} for places in (one, other))
    fewest = min(len(left), len(right))
    return 100 * len(left & right) // fewest if fewest else 0


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    # What is folded has no capitals: those that come are the beginnings of Chinese, Japanese and Korean syllables.
    romanised = _SYLLABLE.sub(" ", anyascii(_INSIDE.sub("", fold(name)))).lower()
    found = _WORD.findall(_INSIDE.sub("", romanised))
    # Somebody may be called Don; nobody is called nothing but titles.
    return tuple([each for each in found if each not in _TITLES | _FORMS] or found)[:MAX_WORDS]


@lru_cache(maxsize=16384)
def _sound(word: str) -> str:
    spelled = _SPELLING.sub(lambda match: _SPELLED[match.group()], _SILENT.sub("", word))
    return _REPEATED.sub(r"\1", spelled)


@lru_cache(maxsize=16384)
def _skeleton(word: str) -> str:
    sound = _sound(word)
    # The first letter is heard even where it is a vowel, though not which one.
    first = "a" if sound[0] in "aeiou" else sound[0]
    return first + _REPEATED.sub(r"\1", _VOWELS.sub("", sound[1:]))


# Words with one key are compared again and again: half of an agency is called Maria or Silva.
@lru_cache(maxsize=16384)
def _alike(one: str, other: str) -> float:
    """How alike two words are, from 0 to 1; nothing where they are two words."""
    if one == other:
        return 1.0
    if len(one) == 1 or len(other) == 1:
        return _INITIAL if one[0] == other[0] else 0.0
    heard, seen = _sound(one), _sound(other)
    if heard == seen:
        return _SOUND
    if len(_skeleton(one)) > 2 and _skeleton(one) == _skeleton(other) and Indel.normalized_similarity(one, other) > 0.5:
        return _SOUND - 0.04
    near = max(JaroWinkler.similarity(one, other), JaroWinkler.similarity(heard, seen))
    # A short word has no room for a slip: Ana and Ann, Li and Lu are two names.
    slips = max(Indel.normalized_similarity(one, other), Indel.normalized_similarity(heard, seen))
    found = min(near, slips + 0.1)
    return found * 0.97 if found >= _LEAST_WORD else 0.0


def _matched(left: Sequence[str], right: Sequence[str]) -> float:
    """The best way to pair the words of two names, and how much of both it covers."""
    weights = [_weight(word) for word in right]
    best: dict[int, tuple[float, float]] = {0: (0.0, 0.0)}
    for word in left:
        own = _weight(word)
        grown = dict(best)
        for taken, (likeness, covered) in best.items():
            for place, other in enumerate(right):
                alike = 0.0 if taken & 1 << place else _alike(word, other)
                if alike:
                    weight = own + weights[place]
                    found = (likeness + alike * weight, covered + weight)
                    key = taken | 1 << place
                    grown[key] = max(grown.get(key, (0.0, 0.0)), found)
        best = grown
    everything = sum(map(_weight, left)) + sum(weights)
    return max(_share(pairs, everything, taken, left, right) for taken, pairs in best.items())


def _share(
    pairs: tuple[float, float], everything: float, taken: int, left: Sequence[str], right: Sequence[str]
) -> float:
    likeness, covered = pairs
    if not covered:
        return 0.0
    common, fewest = taken.bit_count(), min(len(left), len(right))
    # Words that both have and that differ weigh in full; what only the longer name has is a middle name at best.
    spare = _MISSING if common == fewest and fewest > 1 else 1.0
    share = likeness / (covered + spare * (everything - covered))
    return min(share, _HALF / 100) if fewest == 1 and len(left) != len(right) else share


def _joined(left: Sequence[str], right: Sequence[str]) -> float:
    """The same without blanks: Anne Marie and Annemarie, Abd el Rahman and Abdelrahman."""
    if len(left) == len(right):
        return 0.0
    one, other = "".join(left), "".join(right)
    found = Indel.normalized_similarity(_sound(one), _sound(other))
    return found * 0.97 if found >= 0.9 else 0.0


def _weight(word: str) -> float:
    # A long word tells more, but not in proportion.
    return 2.0 if len(word) == 1 else 4.0 + min(len(word), 10) / 2
