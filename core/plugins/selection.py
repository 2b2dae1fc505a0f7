"""Reads PLUGINS: which of the plugins present are enabled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from core.plugins.discovery import Candidate

ALL_BUILT_IN = "built-in"


def select(wanted: str, candidates: Mapping[str, Candidate]) -> tuple[list[str], list[str]]:
    """The names that `built-in,-ai,visas` enables, and a sentence for each name that does not exist.

    Words count from left to right: `built-in` adds every built-in plugin, a name adds one, `-name` takes one away.
    A plugin installed from elsewhere is active only where it is named.
    """
    chosen: dict[str, None] = {}
    problems = []
    for word in wanted.replace(",", " ").split():
        name = word.removeprefix("-")
        if word == ALL_BUILT_IN:
            chosen |= {each.name: None for each in candidates.values() if each.built_in}
        elif name not in candidates:
            problems.append(_unknown(name, candidates))
        elif word.startswith("-"):
            chosen.pop(name, None)
        else:
            chosen[name] = None
    return sorted(chosen), problems


def _unknown(name: str, candidates: Collection[str]) -> str:
    close = get_close_matches(name.replace("-", "_"), candidates, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"present are: {', '.join(sorted(candidates)) or 'none'}"
    return f"PLUGINS names {name!r}, which is neither a folder under plugins/ nor an installed package; {hint}"
