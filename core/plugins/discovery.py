"""Finds plugins by name, without importing any of their code."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

BUILT_IN = Path(__file__).parents[2] / "plugins"
GROUP = "core.plugins"


@dataclass(frozen=True)
class Candidate:
    """A plugin that could be enabled."""

    name: str
    module: str
    """What to import."""
    attribute: str
    """Where in the module the Plugin value is."""
    origin: str
    """Where it comes from, for people."""
    built_in: bool

    @property
    def folder(self) -> Path:
        """Where its code lies."""
        spec = find_spec(self.module)
        if spec is None or spec.origin is None:
            raise LookupError(f"{self.origin} has no module {self.module}")
        return Path(spec.origin).parent


def discover(built_in: Path = BUILT_IN) -> tuple[dict[str, Candidate], list[str]]:
    """Every plugin present, by name; and what is wrong with them as a set, one sentence each."""
    found: dict[str, Candidate] = {}
    problems = []
    for candidate in (*_folders(built_in), *_installed()):
        other = found.setdefault(candidate.name, candidate)
        if (other.module, other.attribute) != (candidate.module, candidate.attribute):
            problems.append(
                f"two plugins are called {candidate.name!r}, from {other.origin} and from {candidate.origin}:"
                " uninstall one of them"
            )
    return dict(sorted(found.items())), problems


def _folders(root: Path) -> list[Candidate]:
    return [
        Candidate(
            name=folder.name,
            module=f"{root.name}.{folder.name}",
            attribute="plugin",
            origin=f"the folder {root.name}/{folder.name}",
            built_in=True,
        )
        for folder in sorted(root.glob("*"))
        if (folder / "__init__.py").is_file()
    ]


def _installed() -> list[Candidate]:
    return [_from_entry_point(point) for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)]


def _from_entry_point(point: EntryPoint) -> Candidate:
    package = f"the package {point.dist.name} {point.dist.version}" if point.dist else "an installed package"
    return Candidate(
        name=point.name, module=point.module, attribute=point.attr or "plugin", origin=package, built_in=False
    )
