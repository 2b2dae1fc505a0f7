"""What a merge remembers, held against what is there later."""

from __future__ import annotations

from core import merging
from core.users.models import Team

CHANGES = {"name": ["Europe", "Asia"], "colour": ["red", "blue"]}
"""Of two columns, one of which is no more."""


class TestTouched:
    def test_are_columns_that_say_something_else(self) -> None:
        assert merging.touched(Team(name="Africa"), CHANGES) == ["name"]

    def test_are_no_columns_that_are_no_more(self) -> None:
        team = Team(name="Asia")
        assert merging.touched(team, CHANGES) == []
        merging.give_back(team, CHANGES)
        assert team.name == "Europe"
