"""Rules about source code that the type checker and the linter do not know, read from the syntax tree."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path

from core.testing import dangers

MAX_LINES = 300
_SKIP = re.compile(r"# rule: (?P<rule>[a-z-]+) - (?P<reason>\S.+)")
_VAGUE = re.compile(r"(Manager|Helper|Utils?|Handler|Impl)$|^Base[A-Z]")
_VAGUE_FILES = frozenset({"utils", "util", "helpers", "helper", "misc", "common", "managers"})
_BYPASSES = frozenset({"__table__", "from_statement"})


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path
    place: str
    """Its path as sentences name it."""

    @cached_property
    def text(self) -> str:
        """What it says."""
        return self.path.read_text()

    @cached_property
    def lines(self) -> list[str]:
        """What it says, line by line."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text, str(self.path))

    @cached_property
    def _walked(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def nodes(self) -> Iterator[ast.AST]:
        """Every node of its syntax."""
        return iter(self._walked)


Finding = tuple[int, str]
Rule = Callable[[Source], Iterator[Finding]]


def sources(root: Path, *, relative_to: Path | None = None) -> list[Source]:
    """Every Python file below a folder."""
    base = relative_to or root.parent
    files = (file for file in sorted(root.rglob("*.py")) if "__pycache__" not in file.parts)
    return [Source(file, str(file.relative_to(base))) for file in files]


def broken(source: Source, rule: str) -> list[str]:
    """Where a file breaks a rule, one sentence each; a line may skip it with `# rule: name - the reason`."""
    found = []
    for line, sentence in RULES[rule](source):
        skip = _SKIP.search(source.lines[line - 1]) if line <= len(source.lines) else None
        if skip is None or skip["rule"] != rule:
            found.append(f"{source.place}:{line}: {sentence} ({rule})")
    return found


def skips_without_reason(source: Source) -> list[str]:
    """Every `# rule:` that names no rule or gives no reason."""
    found = []
    for token in tokenize.generate_tokens(StringIO(source.text).readline):
        skip = _SKIP.search(token.string)
        if token.type == tokenize.COMMENT and "# rule:" in token.string and (skip is None or skip["rule"] not in RULES):
            found.append(f"{source.place}:{token.start[0]}: write `# rule: name - the reason`, with a rule there is")
    return found


def _no_commit(source: Source) -> Iterator[Finding]:
    for node in source.nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield node.lineno, "the edge commits, nothing else; leave commit() out"


def _no_bypass(source: Source) -> Iterator[Finding]:
    for node in source.nodes():
        if isinstance(node, ast.Call) and _called(node) == "text":
            yield node.lineno, "text() bypasses the agency filter; build the statement from models"
        elif isinstance(node, ast.Attribute) and node.attr in _BYPASSES:
            yield node.lineno, f"{node.attr} bypasses the agency filter; build the statement from models"


def _no_environment(source: Source) -> Iterator[Finding]:
    for node in source.nodes():
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and _name(node.value) == "os":
            yield node.lineno, "settings come from the Settings class; leave the environment to config.py"


def _no_clock(source: Source) -> Iterator[Finding]:
    for node in source.nodes():
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = _name(node.func.value)
        if node.func.attr in {"now", "utcnow", "today"} and owner in {"datetime", "date", "dt"}:
            yield node.lineno, "ask clock.now() or clock.today(zone), so that tests can set the time"


def _short(source: Source) -> Iterator[Finding]:
    if len(source.lines) > MAX_LINES:
        yield 1, f"{len(source.lines)} lines; split it by use case, {MAX_LINES} are the most"


def _purpose(source: Source) -> Iterator[Finding]:
    docstring = ast.get_docstring(source.tree)
    if docstring is None:
        yield 1, "say in one sentence what the module is for"
    elif "\n\n" in docstring or not docstring.rstrip().endswith((".", "?", "!")):
        yield 1, "the docstring of a module is one sentence, its purpose"


def _plain_names(source: Source) -> Iterator[Finding]:
    if source.path.stem in _VAGUE_FILES:
        yield 1, f"{source.path.stem} says nothing; name the module after what it is about"
    for node in source.nodes():
        if isinstance(node, ast.ClassDef) and _VAGUE.search(node.name):
            yield node.lineno, f"{node.name} says nothing; name the class after what it is in the trade"


def _few_doors(source: Source) -> Iterator[Finding]:
    if source.path.stem == "api" or "sdk" in source.path.parts[-2:]:
        return
    for node in source.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(_name(target) == "__all__" for target in targets):
            yield node.lineno, "only the sdk and an api.py have __all__"


def _modern(source: Source) -> Iterator[Finding]:
    imports = [node for node in source.tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    if len(source.tree.body) > 1 and not imports:
        yield 1, "start with `from __future__ import annotations`"


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else _name(node.func)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


RULES: dict[str, Rule] = {
    "no-commit": _no_commit,
    "no-bypass": _no_bypass,
    "no-environment": _no_environment,
    "no-clock": _no_clock,
    "short": _short,
    "purpose": _purpose,
    "plain-names": _plain_names,
    "few-doors": _few_doors,
    "modern": _modern,
    **dangers.RULES,
}
