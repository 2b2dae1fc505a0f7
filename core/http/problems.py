"""Every error answer as problem+json (RFC 9457), whatever raised it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import structlog
from flask import Flask, Response, g, request
from msgspec import UNSET, Meta, Struct, UnsetType, field
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from core.errors import Fault, MergedAway, NotFound, Problem, TooManyRequests
from core.http import database_errors, refusals
from core.http.decoding import UnsupportedMediaType
from core.http.queries import QueryTooLong
from core.http.structs import encode

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
_COPIED = ("Allow", "WWW-Authenticate", "Retry-After")


class ProblemDetails(Struct, frozen=True, kw_only=True):
    """What went wrong (RFC 9457). `code` is stable and meant for programs, `detail` for people."""

    type: Annotated[str, Meta(description="Address of a page about this kind of problem.")]
    title: Annotated[str, Meta(description="The kind of problem in a few words.")]
    status: Annotated[int, Meta(ge=400, le=599, description="The HTTP status, repeated.")]
    detail: Annotated[str, Meta(description="What went wrong this time; may be empty.")]
    code: Annotated[str, Meta(description="Stable name of the kind of problem.")]
    errors: Annotated[list[Fault], Meta(description="Every part of the input at fault; empty for other problems.")]
    instance: Annotated[str, Meta(description="Names this one occurrence; it is no address.")]
    request_id: Annotated[str, Meta(description="Quote it when you ask for help.")]
    trace_id: Annotated[str, Meta(description="The trace it belongs to: yours, where you sent a `traceparent`.")]
    violated_policies: (
        Annotated[list[str], Meta(description="The rate limits or quotas that are used up, on 429.")] | UnsetType
    ) = field(name="violated-policies", default=UNSET)
    merged_into: Annotated[UUID, Meta(description="What it went into, on 410.")] | UnsetType = UNSET


class BodyTooLarge(Problem):
    """The body is larger than this route accepts."""

    status = 413
    code = "body_too_large"
    title = "The body is too large"


class NotAllowed(Problem):
    """The address exists and does not take this method."""

    status = 405
    code = "method_not_allowed"
    title = "This method is not allowed here"


class InternalError(Problem):
    """A fault of Tripfile's own. The log has the rest, under the request id."""

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side"


_KINDS: dict[int, type[Problem]] = {
    404: NotFound,
    405: NotAllowed,
    413: BodyTooLarge,
    414: QueryTooLong,
    415: UnsupportedMediaType,
    429: TooManyRequests,
}


def install(app: Flask) -> None:
    """Answer everything that is raised while handling a request."""
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> WerkzeugResponse:
    """The response to an exception; unexpected ones are logged with their traceback and told without it."""
    if isinstance(error, HTTPException) and (error.response is not None or (error.code or 500) < 400):
        return error.get_response()
    problem = problem_of(error)
    if problem is None:
        log.error("request.failed", exc_info=error)
        problem = InternalError()
    refusals.note(problem)
    return respond(problem)


def problem_of(error: Exception) -> Problem | None:
    """The problem an exception stands for; None when it is a bug of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _from_http(error)
    return database_errors.problem_of(error)


def respond(problem: Problem) -> Response:
    """A problem as a response."""
    details = ProblemDetails(
        type=f"/problems/{problem.code}",
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
        errors=list(problem.errors),
        instance=f"urn:tripfile:request:{g.get('request_id', '')}",
        request_id=g.get("request_id", ""),
        trace_id=g.get("trace_id", ""),
        violated_policies=_violated(problem),
        merged_into=problem.into if isinstance(problem, MergedAway) else UNSET,
    )
    response = Response(encode(details), problem.status, content_type=MEDIA_TYPE)
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        response.set_data(b"")
    return response


def _violated(problem: Problem) -> list[str] | UnsetType:
    policies = problem.policies if isinstance(problem, TooManyRequests) else ()
    return list(policies) or UNSET


def known() -> dict[str, type[Problem]]:
    """Every kind of problem of the installed code, by code; for the pages `type` points at."""
    found: dict[str, type[Problem]] = {}
    waiting: list[type[Problem]] = [Problem]
    while waiting:
        kind = waiting.pop()
        found.setdefault(kind.code, kind)
        waiting += kind.__subclasses__()
    return dict(sorted(found.items()))


def _from_http(error: HTTPException) -> Problem | None:
    status = error.code or 500
    if status == 500:
        return None
    headers = {name: value for name, value in error.get_headers() if name in _COPIED}
    kind = _KINDS.get(status)
    if kind is not None:
        return kind(headers=headers)
    problem = Problem(error.description or "", headers=headers)
    if status != Problem.status:
        # Shadows the class variables: there is no class of ours for this status.
        vars(problem).update(status=status, code=f"http_{status}", title=HTTPStatus(status).phrase)
    return problem
