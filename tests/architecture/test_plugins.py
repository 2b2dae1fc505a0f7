"""Every built-in plugin keeps the contract, and the core keeps its hooks few."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core.plugins import hooks, hookspecs
from core.plugins.discovery import discover
from core.plugins.manager import CORE_MODULES
from core.testing.conformance import PluginConformance

HOOK_BUDGET = 15
ROOT = Path(__file__).parents[2]


def conformance_of(name: str) -> type[PluginConformance]:
    return type(f"Test{name.title().replace('_', '')}", (PluginConformance,), {"name": name})


# One class per plugin, so that a new folder is tested without anybody's help.
for _name, _candidate in discover()[0].items():
    if _candidate.built_in:
        globals()[f"Test_{_name}"] = conformance_of(_name)


def holders(folder: str) -> set[str]:
    """The files below a folder that hold a Plugin value."""
    found = set()
    for file in (ROOT / folder).rglob("*.py"):
        text = file.read_text()
        if "plugin = Plugin(" in text and any(map(_is_value, ast.parse(text).body)):
            found.add(str(file.relative_to(ROOT)))
    return found


def _is_value(line: ast.stmt) -> bool:
    names = [each.id for each in line.targets if isinstance(each, ast.Name)] if isinstance(line, ast.Assign) else []
    return names == ["plugin"]


class TestThePluginValue:
    def test_of_a_core_module_stands_in_its_plugin(self) -> None:
        assert holders("core") == {f"core/{name}/plugin.py" for name in CORE_MODULES}

    def test_of_a_plugin_stands_in_its_package(self) -> None:
        built_in = {f"plugins/{name}/__init__.py" for name, each in discover()[0].items() if each.built_in}
        assert holders("plugins") == built_in
        assert holders("plugin_template") == {"plugin_template/visas/__init__.py"}

    @pytest.mark.parametrize("name", CORE_MODULES)
    def test_nothing_runs_in_the_package_of_a_core_module(self, name: str) -> None:
        """Whoever imports a leaf of it would import all that runs there, and meet itself."""
        lines = ast.parse((ROOT / "core" / name / "__init__.py").read_text()).body
        assert [type(line) for line in lines] == [ast.Expr]


class TestCoreHooks:
    def test_they_stay_within_the_budget(self) -> None:
        assert len(hooks.specifications(hookspecs)) <= HOOK_BUDGET

    @pytest.mark.parametrize("name", hooks.specifications(hookspecs))
    def test_each_is_documented(self, name: str) -> None:
        assert hooks.specifications(hookspecs)[name].__doc__
