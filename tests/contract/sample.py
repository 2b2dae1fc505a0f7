"""What a plugin declares so that the contract tests can call its routes: bodies, rows and what must come before."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.testing.clients import ApiClient


@dataclass(frozen=True)
class Sample:
    """How to call one route where the example of its document is not enough. `number` is new for every call."""

    body: Callable[[ApiClient, int], Any] | None = None
    """The JSON body; needed where fields exclude each other, must be unique, or name things that must exist."""
    before: Callable[[ApiClient, str], Any] | None = None
    """What has to happen to the thing at this path first."""
    status: int | None = None
    """What an owner is answered where it is not a success: a route that wants a secret no test can know."""


class Registry:
    """The samples of every plugin that is mounted, found in `tests/plugins/<name>/samples.py`."""

    def __init__(self, plugins: Mapping[str, Any]) -> None:
        self.samples: dict[str, Sample] = {}
        self.rows: dict[str, Callable[[ApiClient], str]] = {}
        self.shared: set[str] = set()
        """Addresses of what is no agency's own, as a plugin's name is."""
        for place in ["tests.contract.core_samples", *(f"tests.plugins.{name}.samples" for name in plugins)]:
            try:
                declared = importlib.import_module(place)
            except ModuleNotFoundError as missing:
                if not place.startswith(missing.name or "-"):
                    raise
                # A plugin whose routes need none.
                continue
            self.samples |= getattr(declared, "SAMPLES", {})
            self.rows |= getattr(declared, "ROWS", {})
            self.shared |= getattr(declared, "SHARED", set())
