"""Refuse a locked runtime dependency whose licence is not permissive, MPL, LGPL or PSF."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
ALLOWED = re.compile(
    r"\b(MIT(-0|-CMU)?|Apache|BSD|0BSD|ISC|MPL|Mozilla Public|LGPL|Lesser General Public|PSF|Python Software Foundation"
    r"|PostgreSQL|ZPL|Zope Public|Unlicense|CC0|HPND|zlib)\b",
    re.IGNORECASE,
)
REFUSED = re.compile(r"\b(AGPL|Affero|(?<!L)GPL|(?<!Lesser )General Public License)", re.IGNORECASE)
# Packages whose metadata says nothing a machine can read, with the licence a person found in their files.
FOUND_BY_HAND = {"huey": "MIT", "xmlhttprequest-ssl": "MIT"}


def licence_of(package: str) -> str:
    """What the installed metadata says, most precise first; empty when it says nothing."""
    fields = metadata(package)
    if expression := fields.get("License-Expression"):
        return expression
    classifiers = [line for line in fields.get_all("Classifier", []) if line.startswith("License ::")]
    named = " / ".join(line.split(" :: ")[-1] for line in classifiers if line != "License :: OSI Approved")
    return named or (fields.get("License") or "").split("\n")[0] or FOUND_BY_HAND.get(package, "")


def problem(package: str) -> str | None:
    """Why the package may not be used; None when it may."""
    try:
        licence = licence_of(package)
    except PackageNotFoundError:
        return None  # Not for this platform, or an alternative build of an installed one.
    return None if allowed(licence) else f"{package}: {licence or 'no licence stated'}"


def allowed(licence: str) -> bool:
    """Whether one alternative of it may be used: `A OR B` is our choice."""
    return any(ALLOWED.search(text) and not REFUSED.search(text) for text in re.split(r"\s+OR\s+", licence))


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
