"""Refuse a locked runtime dependency whose licence is not permissive, MPL, LGPL or PSF."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
ALLOWED = re.compile(
    # As SPDX writes them, and as the classifiers of packages do.
    r"(MIT(-0|-CMU)?|Apache-2\.0|BSD-[23]-Clause|0BSD|ISC|MPL-2\.0|LGPL-(2\.1|3\.0)(-only|-or-later|\+)?|PSF-2\.0"
    r"|Python-2\.0|PostgreSQL|ZPL-2\.[01]|Unlicense|CC0-1\.0|HPND|Zlib|MIT License|Apache Software License|BSD License"
    r"|ISC License|Mozilla Public License 2\.0|Python Software Foundation License"
    r"|GNU Lesser General Public License v[23] or later|Zope Public License)",
    re.IGNORECASE,
)
_WORDS = re.compile(r"\s*(\(|\)|(?<!\S)(?:AND|OR)(?!\S)|/(?=\s))\s*")
# Packages whose metadata says nothing a machine can read, with the licence a person found in their files.
FOUND_BY_HAND = {"huey": "MIT", "xmlhttprequest-ssl": "MIT"}
# Locked, and not installed where this runs: psycopg's other build, for which a compiler is needed.
ELSEWHERE = {"psycopg-c": "LGPL-3.0-only"}


def licence_of(package: str) -> str:
    """What the installed metadata says, most precise first; empty when it says nothing."""
    fields = metadata(package)
    if expression := fields.get("License-Expression"):
        return expression
    classifiers = [line for line in fields.get_all("Classifier", []) if line.startswith("License ::")]
    # `ISC License (ISCL)`: what is in parentheses is the same again.
    names = [line.split(" :: ")[-1].partition(" (")[0] for line in classifiers if line != "License :: OSI Approved"]
    named = " / ".join(names)
    return named or (fields.get("License") or "").split("\n")[0] or FOUND_BY_HAND.get(package, "")


def problem(package: str) -> str | None:
    """Why the package may not be used; None when it may."""
    try:
        licence = licence_of(package)
    except PackageNotFoundError:
        licence = ELSEWHERE.get(package, "")
    return None if allowed(licence) else f"{package}: {licence or 'no licence stated'}"


def allowed(licence: str) -> bool:
    """Whether it may be used: one alternative of `A OR B`, which is our choice, and all of `A AND B`.

    Classifiers beside each other, `A / B`, do not say which of the two it is: all of them.
    """
    words = [each for each in _WORDS.split(licence.strip()) if each]
    found = _alternatives(words)
    return found is not None and not words and found


def _alternatives(words: list[str]) -> bool | None:
    found = _together(words)
    while words[:1] == ["OR"] and found is not None:
        del words[0]
        other = _together(words)
        found = None if other is None else found or other
    return found


def _together(words: list[str]) -> bool | None:
    found = _one(words)
    while words[:1] in (["AND"], ["/"]) and found is not None:
        del words[0]
        other = _one(words)
        found = None if other is None else found and other
    return found


def _one(words: list[str]) -> bool | None:
    """Whether what begins here may be used; None where it is no licence at all."""
    if not words or words[0] in {")", "AND", "OR", "/"}:
        return None
    word = words.pop(0)
    if word != "(":
        return ALLOWED.fullmatch(word) is not None
    found = _alternatives(words)
    if words[:1] != [")"]:
        return None
    del words[0]
    return found


def npm_problems(lock: Path) -> list[str]:
    """Why packages that the JavaScript client brings along may not be used."""
    packages = json.loads(lock.read_text())["packages"]
    shipped = {name.rpartition("node_modules/")[2]: each for name, each in packages.items() if not each.get("dev")}
    brought = {name: each.get("license") or FOUND_BY_HAND.get(name, "") for name, each in shipped.items()}
    return [f"{name}: {licence or 'no licence stated'}" for name, licence in brought.items() if not allowed(licence)]


def locked() -> list[str]:
    """The names in the locks of what is shipped."""
    names: set[str] = set()
    for lock in ("base", "embedded", "server"):
        text = (ROOT / "requirements" / f"{lock}.txt").read_text()
        names |= set(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE))
    return sorted(names)


def main() -> int:
    """Print every refused package; 1 when there is one."""
    problems = [found for package in locked() if (found := problem(package))]
    problems += npm_problems(ROOT / "clients/js/package-lock.json")
    for found in problems:
        sys.stderr.write(f"Licence not allowed: {found}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
