"""The plugin under test: its value, its code and the neighbours it was loaded with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from core import config
from core.config import ConfigurationError
from core.plugins import manager
from core.plugins.discovery import Candidate, discover
from core.plugins.manager import Plugins
from core.plugins.spec import Plugin
from core.testing.source import Source, sources


@dataclass(frozen=True)
class Subject:
    """A plugin as conformance looks at it."""

    name: str
    plugin: Plugin
    module: str
    folder: Path
    present: Mapping[str, Candidate]

    @cached_property
    def sources(self) -> list[Source]:
        """Its Python files."""
        return sources(self.folder)

    @cached_property
    def readme(self) -> str:
        """What its README.md says; empty when there is none."""
        file = self.folder / "README.md"
        return file.read_text() if file.is_file() else ""

    @cached_property
    def plugins(self) -> Plugins:
        """Everything enabled, this plugin among it; raises ConfigurationError."""
        needed = (other for other in self.plugin.requires if other in self.present)
        return manager.load(config.load(plugins=",".join(["built-in", *needed, self.name])))


def installed(name: str) -> Subject:
    """A plugin that discovery finds; raises LookupError with a sentence when it does not."""
    present, _ = discover()
    if name not in present:
        raise LookupError(
            f"{name!r} is not found: install it (pip install -e .) with an entry point in the group core.plugins"
        )
    return imported(name, present[name], present)


def imported(name: str, candidate: Candidate, present: Mapping[str, Candidate]) -> Subject:
    """The subject for a candidate, by importing it."""
    value: Any = getattr(import_module(candidate.module), candidate.attribute, None)
    return Subject(name, value, candidate.module, candidate.folder, present)


def load_problems(subject: Subject) -> list[str]:
    """What loading it together with its neighbours refuses."""
    try:
        subject.plugins.settings.get(subject.name)
    except ConfigurationError as error:
        return error.problems
    return []
