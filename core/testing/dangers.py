"""Rules about source code that keep out what has hurt others: SQL made of text, tokens read by hand, pickled bytes."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.testing.source import Finding, Source

_TAKES_SQL = frozenset({"execute", "executemany", "exec_driver_sql", "DDL", "literal_column", "scalar", "text"})
_HAS_TEXT = frozenset({"", "sa", "sqlalchemy"})
"""Whose `text()` is SQL's; others have functions of that name too."""
_HTTP = frozenset({"requests", "httpx", "urllib3", "aiohttp", "http.client", "urllib.request", "pycurl"})
_UNPICKLES = frozenset({"pickle", "cPickle", "marshal", "shelve", "dill", "jsonpickle", "cloudpickle"})
_RUNS_TEXT = frozenset({"eval", "exec", "compile", "__import__"})
_SHELLS = frozenset({"system", "popen", "getoutput", "getstatusoutput"})
_READS_TOKENS = frozenset({"jwt", "jose", "joserfc", "authlib.jose", "flask_jwt_extended"})
_SESSION_SETTING = re.compile(
    r"set_config\([^)]*,\s*false\s*\)|^\s*set\s+(session\s+)?(?!local\b|transaction\b|constraints\b)[a-z_.]+\s*(=|to\b)",
    re.IGNORECASE,
)
_UNCHECKED_TLS = frozenset({"CERT_NONE", "_create_unverified_context"})


def _no_sql_from_text(source: Source) -> Iterator[Finding]:
    for node in _calls(source):
        name, owner = _name_of(node), _dotted(node.func).rpartition(".")[0]
        takes_sql = name in _TAKES_SQL and (name != "text" or owner in _HAS_TEXT)
        if takes_sql and node.args and _is_put_together(node.args[0]):
            yield node.lineno, "SQL is never put together from text; use bind parameters or psycopg.sql"


def _no_other_http(source: Source) -> Iterator[Finding]:
    for line, module in _imports(source):
        if module in _HTTP or module.split(".")[0] in _HTTP:
            yield line, f"{module} reaches any address; talk to the outside by outbound.SafeClient"


def _no_session_setting(source: Source) -> Iterator[Finding]:
    for node in source.nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SESSION_SETTING.search(node.value):
            yield node.lineno, "a setting of the session outlives the transaction and goes to the next user of the pool"
        elif isinstance(node, ast.Call) and _name_of(node) == "set_config" and _is_false(node.args[-1:]):
            yield node.lineno, "set_config(..., false) outlives the transaction; say true"


def _no_unpickling(source: Source) -> Iterator[Finding]:
    for line, module in _imports(source):
        if module.split(".")[0] in _UNPICKLES:
            yield line, f"{module} runs what it reads; write JSON"
    for node in _calls(source):
        if _dotted(node.func) in {"yaml.load", "yaml.unsafe_load", "yaml.full_load"}:
            yield node.lineno, "yaml.load runs what it reads; use yaml.safe_load"


def _no_running_text(source: Source) -> Iterator[Finding]:
    for node in _calls(source):
        if isinstance(node.func, ast.Name) and node.func.id in _RUNS_TEXT:
            yield node.lineno, f"{node.func.id}() makes a program of text"


def _no_shell(source: Source) -> Iterator[Finding]:
    for node in _calls(source):
        through_shell = any(word.arg == "shell" and not _is_false([word.value]) for word in node.keywords)
        if through_shell or (_dotted(node.func).split(".")[0] in {"os", "commands"} and _name_of(node) in _SHELLS):
            yield node.lineno, "a shell reads more into text than was meant; give a list of arguments"


def _no_tokens_by_hand(source: Source) -> Iterator[Finding]:
    for line, module in _imports(source):
        if module in _READS_TOKENS or module.split(".")[0] in _READS_TOKENS:
            yield line, f"{module} reads tokens by other rules than ours; only core.auth.tokens does that"


def _no_unchecked_tls(source: Source) -> Iterator[Finding]:
    for node in source.nodes():
        if isinstance(node, ast.Attribute) and node.attr in _UNCHECKED_TLS:
            yield node.lineno, f"{node.attr} believes any certificate"
        elif isinstance(node, ast.keyword) and node.arg in {"verify", "check_hostname"} and _is_false([node.value]):
            yield node.value.lineno, f"{node.arg}=False believes any certificate"
        elif isinstance(node, ast.Assign) and _is_false([node.value]) and "check_hostname" in _attributes(node.targets):
            yield node.lineno, "check_hostname = False believes any certificate"


def _no_debug(source: Source) -> Iterator[Finding]:
    for node in _calls(source):
        if any(word.arg == "debug" and _is_true(word.value) for word in node.keywords):
            yield node.lineno, "debug=True shows the inside to the outside"


def _no_raw_markup(source: Source) -> Iterator[Finding]:
    for node in _calls(source):
        if _name_of(node) == "Markup" and node.args and not isinstance(node.args[0], ast.Constant):
            yield node.lineno, "Markup() of what is not a constant lets anybody's HTML through"
        elif any(word.arg == "autoescape" and _is_false([word.value]) for word in node.keywords):
            yield node.lineno, "a template without autoescape lets anybody's HTML through"


def _attributes(nodes: list[ast.expr]) -> set[str]:
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def _calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in source.nodes() if isinstance(node, ast.Call))


def _imports(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.nodes():
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def _is_put_together(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        sides = (node.left, node.right)
        # Constants put together in a module stay constants.
        return any(map(_is_words, sides)) and not all(_is_words(side) or _is_constant(side) for side in sides)
    is_format = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    return is_format and _is_words(node.func.value)  # type: ignore[attr-defined] # it is a call of an attribute


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id.isupper()


def _is_words(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _name_of(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_false(nodes: list[ast.expr]) -> bool:
    return any(isinstance(node, ast.Constant) and node.value is False for node in nodes)


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


RULES: dict[str, Callable[[Source], Iterator[Finding]]] = {
    "no-sql-from-text": _no_sql_from_text,
    "no-other-http": _no_other_http,
    "no-session-setting": _no_session_setting,
    "no-unpickling": _no_unpickling,
    "no-running-text": _no_running_text,
    "no-shell": _no_shell,
    "no-tokens-by-hand": _no_tokens_by_hand,
    "no-unchecked-tls": _no_unchecked_tls,
    "no-debug": _no_debug,
    "no-raw-markup": _no_raw_markup,
}
