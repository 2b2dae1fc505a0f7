"""Errors a client may see: each names its condition and carries an HTTP status and a stable code (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

T = TypeVar("T")


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with the input."""

    pointer: str
    """Where: a JSON Pointer (RFC 6901) into the body, or `?name` for a query parameter."""
    code: str
    """What, for programs: `required`, `unknown_field`, `type`, `value`..."""
    message: str
    """What, for people."""


class Problem(Exception):
    """An answer other than success. Raise a subclass; the edge turns it into problem+json."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "The request cannot be handled"

    def __init__(
        self, detail: str = "", *, errors: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class Invalid(Problem):
    """The input is well-formed but breaks a rule; `errors` lists every field at fault."""

    status = 422
    code = "invalid"
    title = "Some of the input is not valid"


def gather(*checks: Callable[[], T]) -> list[T]:
    """Run every check and give their results, or raise one Invalid with the faults of all of them."""
    results: list[T] = []
    faults: list[Fault] = []
    for check in checks:
        try:
            results.append(check())
        except Invalid as invalid:
            faults.extend(invalid.errors)
    if faults:
        raise Invalid(errors=faults)
    return results


@contextmanager
def under(prefix: str) -> Iterator[None]:
    """Put a prefix before the pointers of every fault found inside: the body was a part of a larger one."""
    try:
        yield
    except Invalid as invalid:
        moved = [Fault(prefix + fault.pointer, fault.code, fault.message) for fault in invalid.errors]
        raise Invalid(invalid.detail, errors=moved) from None


class Unauthorized(Problem):
    """No valid credentials came with the request."""

    status = 401
    code = "unauthorized"
    title = "Sign in first"

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer", **(headers or {})})


class TokenInAddress(Unauthorized):
    """A token came in the address, which is written to logs and histories."""

    code = "token_in_address"
    title = "Never send a token in an address: it belongs into a header, or into the auth payload of a socket"


class StepUpRequired(Unauthorized):
    """The person is signed in, and must prove again who they are before they may do this (RFC 9470)."""

    code = "step_up_required"
    title = "Prove again who you are"


class Forbidden(Problem):
    """The caller is known and may not do this."""

    status = 403
    code = "forbidden"
    title = "You may not do this"


class ConfinedSession(Forbidden):
    """An agency's identity provider said who this is, and its word counts in that agency alone."""

    code = "confined_session"
    title = "Sign in with your own password or passkey for this"


class NotFound(Problem):
    """It does not exist, or not for this caller: the two are never told apart."""

    status = 404
    code = "not_found"
    title = "Not found"


class MergedAway(Problem):
    """It went into another one, which has what it had; `into` is its id."""

    status = 410
    code = "merged_away"
    title = "It was merged into another one"

    def __init__(self, into: UUID) -> None:
        super().__init__()
        self.into = into


class Conflict(Problem):
    """A rule of the domain forbids this in the present state."""

    status = 409
    code = "conflict"
    title = "This is not possible in the present state"


class PreconditionFailed(Problem):
    """Somebody changed it since it was read: the If-Match version is no longer the current one."""

    status = 412
    code = "precondition_failed"
    title = "It has changed since you read it"


class PreconditionRequired(Problem):
    """An unsafe request came without If-Match."""

    status = 428
    code = "precondition_required"
    title = "Send If-Match with the version you read"


class TooManyRequests(Problem):
    """A rate limit or a quota is used up; `Retry-After` says when to come back."""

    status = 429
    code = "quota_exceeded"
    title = "Too many requests"

    def __init__(
        self, detail: str = "", *, policies: Sequence[str] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail, headers=headers)
        self.policies = tuple(policies)
        """The names of the limits or quotas that are used up, as `RateLimit-Policy` tells them."""


class Unavailable(Problem):
    """Something Tripfile needs is down or too slow at the moment."""

    status = 503
    code = "unavailable"
    title = "Temporarily unavailable"
