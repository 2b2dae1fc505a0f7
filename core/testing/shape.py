"""The inner shape of a plugin: which files there are, and which of them may import which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from core.testing.source import Source
from core.testing.subject import Subject

LEAVES = ("schemas", "events", "errors", "settings", "permissions", "hookspecs")
# From the top: a module imports only what stands below its own line; leaves may import each other.
LAYERS = (
    ("api", "endpoints", "sockets", "commands", "hooks"),
    ("subscribers", "followers", "notices"),
    ("demo",),
    ("jobs",),
    ("service",),
    ("repository",),
    ("models",),
    LEAVES,
)
_RANK = {module: len(LAYERS) - place for place, layer in enumerate(LAYERS) for module in layer}
_MODULES = frozenset(_RANK)
_FOLDERS = frozenset(
    {"migrations", "templates", "endpoints", "models", "schemas", "service", "repository", "static", "demo", "events"}
)
_OTHER_FILES = frozenset({"__init__.py", "README.md", "py.typed"})
_OUTSIDE = frozenset(
    "httpx httpx2 httpcore requests aiohttp urllib3 h11 h2 urllib.request http.client socket ssl smtplib ftplib"
    " dns".split()
)
_DOORS = frozenset({"core.sdk"})
_MIGRATIONS_DOOR = "core.sdk.migrations"


def layout(subject: Subject) -> list[str]:
    """Every file that is not on the list of files a plugin has."""
    found = []
    for entry in sorted(subject.folder.iterdir()):
        if entry.name.startswith((".", "__pycache__")):
            continue
        known = entry.name in _FOLDERS if entry.is_dir() else _is_listed(entry)
        if not known:
            found.append(f"{subject.name}: {entry.name} is not a file of a plugin; put its content where it belongs")
    missing = (needed for needed in ("__init__.py", "README.md") if not (subject.folder / needed).is_file())
    return found + [f"{subject.name}: {needed} is missing; write one" for needed in missing]


def _is_listed(file: Path) -> bool:
    return file.name in _OTHER_FILES or (file.suffix == ".py" and file.stem in _MODULES)


def imports(subject: Subject) -> list[str]:
    """Every import that goes up, sideways past an api, or into the core past its door."""
    found = []
    for source in subject.sources:
        for node, target in _imported(source, subject):
            problem = _judge(source, target, subject)
            if problem:
                found.append(f"{source.place}:{node.lineno}: {problem}")
    return found


def egress(subject: Subject) -> list[str]:
    """A plugin that talks to the outside past the one client that knows which addresses may be reached."""
    talking = [
        f"{source.place}:{node.lineno}"
        for source in subject.sources
        for node, target in _imported(source, subject)
        if any(target == name or target.startswith(f"{name}.") for name in _OUTSIDE)
    ]
    sentence = "talks to the network itself; list the host in `egress` and send with outbound.SafeClient of core.sdk"
    return [f"{subject.name}: {place} {sentence}" for place in talking[:1]]


def _imported(source: Source, subject: Subject) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    """Every imported module by its absolute name; a relative import keeps the plugin's own module in front."""
    for node in source.nodes():
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = ".".join([subject.module, *_package(source, subject)[: _depth(source, subject) - node.level + 1]])
            base = f"{home}.{node.module}" if node.module else home
            yield from ((node, f".{base}.{alias.name}") for alias in node.names)


def _package(source: Source, subject: Subject) -> tuple[str, ...]:
    return source.path.relative_to(subject.folder).parent.parts


def _depth(source: Source, subject: Subject) -> int:
    return len(_package(source, subject))


def _judge(source: Source, target: str, subject: Subject) -> str | None:
    relative, target = target.startswith("."), target.removeprefix(".")
    if _is_within(target, subject.module):
        if not relative:
            return "inside a plugin imports are relative; write `from . import ...`"
        return _downwards(source, target.removeprefix(f"{subject.module}."), subject)
    if _is_within(target, "core"):
        return _through_the_door(source, target, subject)
    if target.split(".")[0] in {"gateway", "wsgi", "tests"}:
        return f"a plugin does not import {target.split('.')[0]}; import from core.sdk"
    return _neighbour(target, subject)


def _downwards(source: Source, target: str, subject: Subject) -> str | None:
    mine, other = _module(source, subject), target.partition(".")[0]
    if mine not in _RANK or other not in _RANK or mine == other or (mine in LEAVES and other in LEAVES):
        return None
    if _RANK[other] < _RANK[mine]:
        return None
    return f"{mine} may not import {other}, which stands {_where(mine, other)}; imports point downwards"


def _where(mine: str, other: str) -> str:
    return "above it" if _RANK[other] > _RANK[mine] else "beside it"


def _module(source: Source, subject: Subject) -> str:
    first = source.path.relative_to(subject.folder).parts[0]
    return first.removesuffix(".py")


def _through_the_door(source: Source, target: str, subject: Subject) -> str | None:
    if _module(source, subject) == "migrations":
        if not _is_within(target, _MIGRATIONS_DOOR):
            return f"a migration imports nothing that changes later; {target} will, use {_MIGRATIONS_DOOR}"
        return None
    if not any(_is_within(target, door) for door in _DOORS):
        return f"{target.rpartition('.')[0]} is the core's inside; import it from core.sdk"
    return None


def _neighbour(target: str, subject: Subject) -> str | None:
    for name, candidate in subject.present.items():
        if name == subject.name or not _is_within(target, candidate.module):
            continue
        if not _is_within(target, f"{candidate.module}.api"):
            return f"{target} is inside {name}; import only {candidate.module}.api"
        if name not in subject.plugin.requires:
            return f"it imports the api of {name} without requiring it; add {name!r} to `requires`"
    return None


def _is_within(target: str, module: str) -> bool:
    return target == module or target.startswith(f"{module}.")
