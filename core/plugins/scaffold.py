"""Makes a new plugin by copying the template, a plugin that works and is tested, under another name."""

from __future__ import annotations

import re
from pathlib import Path

from core.config import ConfigurationError
from core.plugins.discovery import discover
from core.plugins.manager import CORE_MODULES
from core.plugins.rules import NAME, RESERVED

TEMPLATE = Path(__file__).parents[2] / "plugin_template"
_ORIGINAL = "visas"
_LEFT_OUT = frozenset({"__pycache__", ".pytest_cache", "build", "dist"})


def create(name: str, *, into: Path) -> Path:
    """Write a new plugin's project into a folder; raises ConfigurationError for a name that cannot be used."""
    target = into / name.replace("_", "-")
    problem = _unusable(name, target)
    if problem:
        raise ConfigurationError([problem])
    for file in sorted(TEMPLATE.rglob("*")):
        place = file.relative_to(TEMPLATE)
        if file.is_file() and not _LEFT_OUT.intersection(place.parts) and ".egg-info" not in str(place):
            copy = target / rename(str(place), name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(rename(file.read_text(), name))
    return target


def rename(text: str, name: str) -> str:
    """The template's text for another plugin: in URLs and package names with hyphens, elsewhere as it is."""
    hyphenated = name.replace("_", "-")
    text = re.sub(rf"(?<=[/-]){_ORIGINAL}\b(?!/)", hyphenated, text)
    text = re.sub(rf"(?<=\"/){_ORIGINAL}(?=/)", hyphenated, text)
    text = text.replace(_ORIGINAL.upper(), name.upper())
    text = text.replace(_ORIGINAL.capitalize(), name.replace("_", " ").capitalize())
    return text.replace(_ORIGINAL, name)


def _unusable(name: str, target: Path) -> str | None:
    if not NAME.fullmatch(name):
        return f"{name!r} cannot be a plugin's name; use 2 to 31 lower-case letters, digits and underscores"
    if name in RESERVED or name in CORE_MODULES:
        return f"{name!r} belongs to the core; choose another name"
    if name in discover()[0]:
        return f"there is already a plugin called {name!r}; choose another name"
    if target.exists():
        return f"{target} exists already; choose another folder with --into"
    return None
