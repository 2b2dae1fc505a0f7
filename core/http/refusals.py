"""Requests that were refused: counted by why, and told to the log where somebody tried what they may not do."""

from __future__ import annotations

import structlog
from flask import g, has_request_context, request
from prometheus_client import Counter

from core.errors import Problem

log = structlog.get_logger()
refusals = Counter("tripfile_refusals", "Requests and socket events that were refused, by code.", ["status", "code"])
faults = Counter("tripfile_input_faults", "What was wrong with refused input, by code.", ["code"])
_EVENTS = {401: "access.unauthenticated", 403: "access.denied", 429: "access.limited"}
"""What the log is told, with route, permission and address. Faulty input is counted: honest clients make mistakes."""


def note(problem: Problem) -> None:
    """Count a refusal, and log it where it is about who somebody is, what they may do, or how often."""
    if not 400 <= problem.status < 500:
        return
    # Codes are written in our source and in that of plugins: nobody outside makes up new ones.
    refusals.labels(problem.status, problem.code).inc()
    for fault in problem.errors:
        faults.labels(fault.code).inc()
    event = _EVENTS.get(problem.status)
    if event is not None:
        log.warning(event, code=problem.code, permission=g.get("permission"), **_where())


def _where() -> dict[str, str | None]:
    if not has_request_context():
        return {}
    # The rule and not the address: that may hold anything, secrets of the sender's own included.
    route = request.url_rule.rule if request.url_rule else None
    return {"route": route, "method": request.method, "ip": request.remote_addr}
