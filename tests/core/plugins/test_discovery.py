"""Finding plugins, reading PLUGINS and putting plugins in order."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.plugins import order
from core.plugins.discovery import Candidate, discover
from core.plugins.selection import select
from core.plugins.spec import Plugin

Make = Callable[..., Plugin]


def candidates(*built_in: str, installed: tuple[str, ...] = ()) -> dict[str, Candidate]:
    every = [(name, True) for name in built_in] + [(name, False) for name in installed]
    return {name: Candidate(name, name, "plugin", "a test", own) for name, own in every}


class TestDiscover:
    def test_a_folder_is_found_without_importing_it(self, tmp_path: Path) -> None:
        (tmp_path / "plugins" / "explosive").mkdir(parents=True)
        (tmp_path / "plugins" / "explosive" / "__init__.py").write_text("raise RuntimeError")
        found, problems = discover(tmp_path / "plugins")
        assert found["explosive"].built_in
        assert "plugins.explosive" not in sys.modules
        assert not problems

    def test_an_entry_point_is_found_without_importing_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        install(tmp_path, "visas = tripfile_visas")
        monkeypatch.syspath_prepend(tmp_path)
        found, _ = discover(tmp_path / "plugins")
        assert found["visas"] == Candidate("visas", "tripfile_visas", "plugin", "the package tripfile-visas 1.2", False)

    def test_one_name_in_two_places_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(tmp_path, "leads = other_leads")
        monkeypatch.syspath_prepend(tmp_path)
        (tmp_path / "plugins" / "leads").mkdir(parents=True)
        (tmp_path / "plugins" / "leads" / "__init__.py").touch()
        _, problems = discover(tmp_path / "plugins")
        (problem,) = problems
        assert problem == (
            "two plugins are called 'leads', from the folder plugins/leads and from the package tripfile-visas 1.2:"
            " uninstall one of them"
        )


def install(folder: Path, entry_point: str) -> None:
    info = folder / "tripfile_visas-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tripfile-visas\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[core.plugins]\n{entry_point}\n")


class TestSelect:
    @pytest.mark.parametrize(
        ("wanted", "chosen"),
        [
            ("built-in", ["ai", "leads"]),
            ("built-in,-ai", ["leads"]),
            ("built-in, visas", ["ai", "leads", "visas"]),
            ("leads", ["leads"]),
            ("", []),
        ],
    )
    def test_words_add_and_take_away(self, wanted: str, chosen: list[str]) -> None:
        assert select(wanted, candidates("leads", "ai", installed=("visas",))) == (chosen, [])

    def test_an_unknown_name_is_one_sentence(self) -> None:
        _, problems = select("built-in,river-cruises", candidates("leads", installed=("river_cruises",)))
        (problem,) = problems
        assert problem == (
            "PLUGINS names 'river-cruises', which is neither a folder under plugins/ nor an installed package;"
            " did you mean 'river_cruises'?"
        )


class TestOrder:
    def test_what_is_required_comes_first_and_ties_go_by_name(self, make: Make) -> None:
        names, problems = order.sort(
            {
                "a": make("a", after=("z", "absent")),
                "b": make("b"),
                "c": make("c", requires={"z": ">=1"}),
                "z": make("z"),
            }
        )
        assert names == ["b", "z", "a", "c"]
        assert not problems

    def test_a_missing_requirement_says_what_to_do(self, make: Make) -> None:
        _, problems = order.sort({"itineraries": make("itineraries", requires={"leads": ">=1"})})
        assert problems == ["itineraries requires leads; add 'leads' to PLUGINS or remove 'itineraries'"]

    def test_a_requirement_outside_its_range_is_named(self, make: Make) -> None:
        _, problems = order.sort({"a": make("a", requires={"b": ">=2"}), "b": make("b", version="1.9")})
        assert problems == ["a requires b >=2, but 1.9 is installed; install a matching version of one of them"]

    def test_a_circle_is_named(self, make: Make) -> None:
        _, problems = order.sort(
            {"a": make("a", requires={"b": ""}), "b": make("b", after=("c",)), "c": make("c", requires={"a": ""})}
        )
        assert problems == ["a waits for b waits for c waits for a: take one of these out of `requires` or `after`"]
