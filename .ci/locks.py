"""Refuse locks that are not what pyproject.toml asks for: missing or unfit versions, packages without a hash."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
# Which extras each lock holds besides the dependencies themselves, as .ci/lock compiles them.
LOCKS = {
    "base": (),
    "embedded": ("embedded",),
    "server": ("server", "compiled", "s3"),
    "dev": ("dev", "embedded", "server", "s3"),
    "bench": ("bench",),
}
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)(.*)$")


def pins(text: str) -> Iterator[tuple[str, str, bool]]:
    """Each package of a lock, its version, and whether a hash of it is given."""
    # One entry goes on over lines that end in a backslash.
    for entry in re.sub(r"\\\n", " ", text).splitlines():
        found = _PIN.match(entry.strip())
        if found:
            yield canonicalize_name(found[1]), found[2], "--hash=sha256:" in found[3]


def problems(project: dict[str, object], locks: dict[str, str]) -> list[str]:
    """What is wrong, one sentence each."""
    section: dict[str, object] = project["project"]  # type: ignore[assignment] # as pyproject.toml has it
    extras: dict[str, list[str]] = section["optional-dependencies"]  # type: ignore[assignment]
    found = []
    for name, chosen in LOCKS.items():
        wanted: list[str] = [*section["dependencies"], *(each for extra in chosen for each in extras[extra])]  # type: ignore[misc]
        found += [f"requirements/{name}.txt: {line}" for line in _faults(wanted, locks[name])]
    return found


def _faults(wanted: list[str], lock: str) -> Iterator[str]:
    pinned = {package: version for package, version, _ in pins(lock)}
    for each in map(Requirement, wanted):
        version = pinned.get(canonicalize_name(each.name))
        if version is None:
            yield f"{each.name} is missing"
        elif not each.specifier.contains(version, prereleases=True):
            yield f"{each.name} is {version}, pyproject.toml asks for {each.specifier}"
    for package, _, hashed in pins(lock):
        if not hashed:
            yield f"{package} has no hash"
    if any(mark in lock for mark in ("git+", "http://", "https://", "--index-url", "--extra-index-url", " -e ")):
        yield "it names an address; packages come from the index that pip is set up with"


def main() -> int:
    """Print what is wrong; 1 when there is something."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locks = {name: (ROOT / "requirements" / f"{name}.txt").read_text() for name in LOCKS}
    found = problems(project, locks)
    for line in found:
        sys.stderr.write(f"{line} (make lock writes the locks again)\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
