"""Every built-in plugin keeps the contract, and the core keeps its hooks few."""

from __future__ import annotations

import pytest

from core.plugins import hooks, hookspecs
from core.plugins.discovery import discover
from core.testing.conformance import PluginConformance

HOOK_BUDGET = 14


def conformance_of(name: str) -> type[PluginConformance]:
    return type(f"Test{name.title().replace('_', '')}", (PluginConformance,), {"name": name})


# One class per plugin, so that a new folder is tested without anybody's help.
for _name, _candidate in discover()[0].items():
    if _candidate.built_in:
        globals()[f"Test_{_name}"] = conformance_of(_name)


class TestCoreHooks:
    def test_they_stay_within_the_budget(self) -> None:
        assert len(hooks.specifications(hookspecs)) <= HOOK_BUDGET

    @pytest.mark.parametrize("name", hooks.specifications(hookspecs))
    def test_each_is_documented(self, name: str) -> None:
        assert hooks.specifications(hookspecs)[name].__doc__
