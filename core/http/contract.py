"""What a view declares about itself: its rule of access, and what goes in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import Request

from core.actor import STAFF, Audience
from core.config import Settings
from core.http.queries import Parameters
from core.uploads.kinds import Accepts

Idempotency = Literal["accepted", "required", "off"]
Limit = str | Callable[[Settings], str] | None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may call a route, how often and with how much. A route without permission is for any member, or public."""

    permission: str | None = None
    public: bool = False
    signed_in: bool = False
    """Any member may call it: it concerns the caller's own account only."""
    audience: Audience = STAFF
    """Whose sessions pass. Those of the other audience are as good as none."""
    internal: bool = False
    """Ours and outside the API (health, documents): no sign-in, no limits, any host name."""
    idempotency: Idempotency = "accepted"
    limit: Limit = None
    """A limit of this route besides the caller's, as `20/minute` or made from the settings."""
    agency_limit: str = ""
    """A limit of this route for all of an agency together; only calls of those count whom the route lets in."""
    cost: int = 1
    """How much a call takes from the limits."""
    body_limit: int | None = None
    """The largest body in bytes, where it is not MAX_BODY_BYTES."""
    step_up: bool = False
    """The person must have proved who they are within the last ten minutes; nobody passes on behalf of another."""
    everywhere: bool = False
    """It shows or changes what the caller is or has in other agencies too: not in a session that is good in one."""
    origin: Literal["api", "files"] = "api"
    """Which of our host names answers, where files have one of their own (FILES_ORIGIN)."""
    credentials: bool = False
    """The answer holds credentials: never cached, never kept for a repeated Idempotency-Key."""
    cross_origin: bool = False
    """Web pages of other origins may ask; the view says with `origins.open_to` which of them may read the answer."""
    uncached: bool = False
    """The answer may hold what stays in no browser. Fields that only some may see say so by themselves."""


@dataclass
class Contract:
    """What a view reads and answers, gathered from its decorators."""

    body: Any = None
    query: Any = None
    listing: Parameters | None = None
    selection: Parameters | None = None
    """Of which list it takes the rows that are asked for, all of them."""
    check: Callable[[Request], object] | None = None
    """Raises Invalid for what is wrong with the request beside that."""
    upload: Accepts | None = None
    sent: tuple[str, ...] = ()
    """The types of bodies it reads as they came."""
    shape: Any = None
    """What a body of these is that comes as JSON, where that is always the same."""
    inputs: list[Literal["body", "query", "listing", "selection", "upload", "sent"]] = field(default_factory=list)
    if_match: bool = False
    status: int = 200
    result: Any = None
    media_types: tuple[str, ...] = ()
    """What the answer is instead of JSON: a file of one of these types."""
    others: dict[int, Any] = field(default_factory=dict)
    """Other answers the view may return, by status; told apart by their type."""
    problems: set[int] = field(default_factory=set)
    """Statuses of problems that only the view knows of."""


_RULE, _CONTRACT = "tripfile_rule", "tripfile_contract"


def rule_of(view: Callable[..., Any]) -> Rule | None:
    """The rule a view declared; None for views that declare nothing, which are refused."""
    return getattr(view, _RULE, None)


def declare(view: Callable[..., Any], rule: Rule) -> None:
    """Attach a rule to a view."""
    setattr(view, _RULE, rule)


def contract_of(view: Callable[..., Any]) -> Contract:
    """What the decorators gathered so far; a new one at first."""
    contract: Contract | None = getattr(view, _CONTRACT, None)
    if contract is None:
        contract = Contract()
        setattr(view, _CONTRACT, contract)
    return contract
