"""Structured logs: one event with fields per line, secrets and people masked, stdlib logging included."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from core.config import Settings

MASK = "[masked]"
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|authorization|cookie|api_?key|credential|private_key|^otp$|^dsn$"
    r"|seed$|pepper|verifier$|recovery_codes?$",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"""
    (?P<jwt>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)
    | (?P<key>\btripfile_(?:live|test)_[0-9A-Za-z]{22}_[0-9A-Za-z]{39})
    | (?P<ours>\b(?:whsec|tfr)_[A-Za-z0-9_+/=-]{16,})
    | (?P<scheme>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}
    | (?P<url>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+(?=@)
    | (?P<named>(?<![a-z0-9])(?:[a-z]{1,20}[_-]){0,3}(?:password|passphrase|secret|token|api_?key|seed|verifier|pepper)
        ["']?\s*[=:]\s*(?:SecretStr\()?["']?)[^\s"'&,;]{3,}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@\"'<>()\[\],:;=/\\]{1,64}@(?=[^\W_][\w-]{0,62}(?:\.[\w-]{1,63})+)")
_PHONE = re.compile(r"(?<![\w+])\+[1-9](?:[ .()/-]{0,2}\d){7,14}(?!\w)")
"""E.164, however it is grouped."""
_DETAIL = re.compile(
    r"""
    (\bDETAIL:\s).*?
    (?=\n(?:HINT|CONTEXT|QUERY|LOCATION):|\n\[SQL|\n\(Background\ on|\n\nThe\ above\ exc|\n\nDuring\ hand|\Z)
    """,
    re.DOTALL | re.VERBOSE,
)
"""Where PostgreSQL quotes the values of rows."""
_LONGEST = 16_000
# Line breaks and other control characters would let a caller forge log lines.
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), 127, 0x85)} | {10: "\\n", 13: "\\r"}
_CONTROL |= {0x2028: "\\u2028", 0x2029: "\\u2029"}
_MAX_DEPTH = 6
_VERBATIM = {"exception", "stack"}


def configure(settings: Settings) -> None:
    """Route structlog and stdlib logging to standard error, as JSON or for reading."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        # A cached logger keeps the configuration it first saw, and tests configure more than once.
        cache_logger_on_first_use=settings.production,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings, shared))
    root = logging.getLogger()
    root.handlers = [*(kept for kept in root.handlers if not _is_ours(kept)), handler]
    root.setLevel(settings.log_level)
    # Ours says the same with the route, the user and the time it took.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logging.getLogger("flask-limiter").setLevel(logging.WARNING)


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: mask secrets by name and by shape, people by shape, and escape what could forge a line."""
    for name, value in event.items():
        event[name] = MASK if _is_secret(name, value) else _clean(value, name in _VERBATIM, 0)
    return event


def masked(text: str) -> str:
    """A text with every secret of a known shape masked."""
    return _SECRET_TEXT.sub(_replacement, text)


def anonymous(text: str) -> str:
    """The same without e-mail addresses but for their domains, phone numbers, and rows that PostgreSQL quotes."""
    text = masked(text)
    # Most texts have none of these, and looking for them takes longer than looking whether to.
    if "DETAIL:" in text:
        text = _DETAIL.sub(rf"\1{MASK}", text)
    if "@" in text:
        text = _EMAIL.sub(f"{MASK}@", text)
    return _PHONE.sub(MASK, text) if "+" in text else text


def is_secret_name(name: str) -> bool:
    """Whether what has this name is a secret, whatever it looks like."""
    return bool(_SECRET_NAME.search(name))


def _formatter(settings: Settings, shared: list[Processor]) -> logging.Formatter:
    if settings.log_format == "json":
        renderer: Processor = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _is_ours(handler: logging.Handler) -> bool:
    return isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)


def _is_secret(name: object, value: object) -> bool:
    if not isinstance(name, str) or isinstance(value, bool):
        return False
    # Of tokens and secrets a number says how many there are.
    return name.lower() == "otp" if isinstance(value, int) else is_secret_name(name)


def _clean(value: Any, verbatim: bool, depth: int) -> Any:  # noqa: FBT001 - private and positional for speed
    if isinstance(value, str):
        told = _shortened(anonymous(value))
        return told if verbatim else told.translate(_CONTROL)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth >= _MAX_DEPTH:
        return "..."
    if isinstance(value, Mapping):
        return {
            str(name): MASK if _is_secret(name, member) else _clean(member, verbatim, depth + 1)
            for name, member in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(member, verbatim, depth + 1) for member in value]
    return _clean(str(value), verbatim, depth + 1)


def _shortened(text: str) -> str:
    # What failed may be a statement with ten thousand values.
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]} [{len(text) - 2 * half} more characters] {text[-half:]}"


def _replacement(found: re.Match[str]) -> str:
    kept = found.group("scheme") or found.group("url") or found.group("named") or ""
    return kept + MASK
