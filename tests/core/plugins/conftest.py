"""Small plugins made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from core import config
from core.plugins import manager
from core.plugins.discovery import Candidate
from core.plugins.manager import Plugins
from core.plugins.spec import Plugin

Load = Callable[..., Plugins]


def plugin(name: str = "visas", **changes: Any) -> Plugin:
    """A valid plugin with some fields changed."""
    values = {"version": "1.0.0", "core": ">=1.0,<2", "summary": f"All about {name}.", **changes}
    return Plugin(name=name, **values)


@pytest.fixture
def make() -> Callable[..., Plugin]:
    return plugin


@pytest.fixture
def module() -> Callable[..., ModuleType]:
    def build(*functions: Callable[..., Any]) -> ModuleType:
        made = ModuleType("sample")
        for function in functions:
            setattr(made, function.__name__, function)
        return made

    return build


@pytest.fixture
def load_these(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Loads plugin values as if they had been discovered and imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Candidate, "folder", property(lambda candidate: tmp_path / candidate.name))

    def load(*plugins: Plugin, core: Iterable[Plugin] = (), **settings: Any) -> Plugins:
        present = {each.name: Candidate(each.name, each.name, "plugin", "a test", False) for each in plugins}
        return manager.assemble(
            {each.name: each for each in core},
            {each.name: each for each in plugins},
            settings=config.load(**settings),
            present=present,
        )

    return load
