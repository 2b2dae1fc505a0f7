"""Under which name in addresses an agency is founded."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.users import founding


class Slugs:
    """Those that are taken, and how many were asked about."""

    def __init__(self, *taken: str) -> None:
        self.taken = frozenset(taken)
        self.asked: list[int] = []

    def rows(self, slugs: Sequence[str]) -> list[str]:
        self.asked.append(len(slugs))
        return [each for each in slugs if each in self.taken]


class TestSlug:
    @pytest.mark.parametrize(
        ("taken", "expected", "asked"),
        [
            ((), "sun", [1]),
            (("sun-2", "sunny", "sun-coast"), "sun", [1]),
            (("sun", "sun-2", "sun-4"), "sun-3", [1, 18]),
            (("sun", *(f"sun-{number}" for number in range(2, 21))), "sun-21", [1, 18, 180]),
        ],
    )
    def test_is_the_name_or_numbered_and_the_same_few_questions_for_any_number_of_agencies(
        self, monkeypatch: pytest.MonkeyPatch, taken: tuple[str, ...], expected: str, asked: list[int]
    ) -> None:
        slugs = Slugs(*taken)
        monkeypatch.setattr(founding, "_TAKEN", slugs)
        assert founding._free("sun") == expected
        assert slugs.asked == asked
