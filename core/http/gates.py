"""Who may pass: sign-in, the rate limit, the permission, and the agency's switch for the plugin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, Request, g
from structlog.contextvars import bind_contextvars

from core import clock
from core.actor import NOBODY, Actor
from core.allow_lists import boundary
from core.allow_lists.errors import AddressNotAllowed
from core.db.ownership import CORE
from core.errors import ConfinedSession, Forbidden, NotFound, Problem, StepUpRequired, Unauthorized
from core.http import addresses
from core.http.contract import Rule
from core.plugins import agencies

log = structlog.get_logger()
PROOF_HOLDS = timedelta(minutes=10)
"""How long after proving who they are somebody may change credentials and rights (OWASP ASVS 5.0, 7.5.1)."""
_CHALLENGE = f'Bearer error="insufficient_user_authentication", max_age={int(PROOF_HOLDS.total_seconds())}'


THE_PERSONS_OWN = frozenset(
    {
        "agencies",
        "allow_lists",
        "api_keys",
        "auth",
        "calendars",
        "custom_fields",
        "factors",
        "invitations",
        "oidc",
        "plugins",
        "privacy",
        "roles",
        "users",
        "vault",
        "views",
    }
)
"""The modules in which nobody changes anything on behalf of another: who may sign in, from where, as what; settings."""
_THE_WAY_BACK = "impersonation.end"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def admit(app: Flask, request: Request, rule: Rule) -> None:
    """Let the request pass or raise; afterwards `g.actor` and `g.permission` are set."""
    addresses.refuse_credentials(request.query_string.decode("latin-1"))
    g.permission = rule.permission
    actor = g.actor = NOBODY if rule.public else _signed_in(app, request, rule)
    if actor.user_id:
        bind_contextvars(user_id=str(actor.user_id), agency_id=str(actor.agency_id))
    app.extensions["tripfile.limits"].count(request, rule)
    if rule.public:
        return
    _permit(app, request, rule, actor)
    # What asks for no permission is about the caller alone; what changes that by step-up is good for every agency.
    if actor.confined and (rule.everywhere or (rule.signed_in and rule.step_up)):
        raise ConfinedSession
    if rule.step_up:
        _require_proof(actor)
    route = app.extensions["tripfile.routes"].get(request.endpoint)
    if route is not None and actor.impersonator_id is not None:
        _refuse_on_behalf(request, rule, route.module)
    if route and route.plugin != CORE and actor.agency_id and not agencies.enabled(route.plugin, actor.agency_id):
        raise NotFound
    # Last: whoever is refused takes nothing from their colleagues.
    app.extensions["tripfile.limits"].count_for_agency(rule)


def _signed_in(app: Flask, request: Request, rule: Rule) -> Actor:
    g.audience = rule.audience
    try:
        actor: Actor | None = _hook(app).authenticate(request=request)
        if actor is not None:
            boundary.admit(actor, request.remote_addr)
    except (Unauthorized, AddressNotAllowed):
        _count_guess(app, request, rule)
        raise
    if actor is None or actor.audience != rule.audience:
        _count_guess(app, request, rule)
        raise Unauthorized
    return actor


def _count_guess(app: Flask, request: Request, rule: Rule) -> None:
    """Attempts without valid credentials count by address."""
    g.actor = NOBODY
    app.extensions["tripfile.limits"].count(request, rule)


def _require_proof(actor: Actor) -> None:
    """Let only the person themselves pass, and only soon after they proved who they are."""
    if actor.kind != "user" or actor.impersonator_id is not None:
        raise Forbidden("Only the person themselves may do this, not somebody or something on their behalf")
    if actor.proven_at is None or clock.now() - actor.proven_at > PROOF_HOLDS:
        raise StepUpRequired(headers={"WWW-Authenticate": _CHALLENGE})


def _refuse_on_behalf(request: Request, rule: Rule, module: str) -> None:
    """Whoever acts as another sees nothing of them elsewhere, gets no secrets, and changes nothing that outlasts it.

    That is: nothing of the person's own, and nothing about who may sign in and what the agency is set to.
    """
    if request.method not in _SAFE:
        refused = rule.signed_in or rule.credentials or module in THE_PERSONS_OWN
        if refused and request.endpoint != _THE_WAY_BACK:
            raise Forbidden("Whoever acts as somebody else changes nothing of their own, nor of rights and settings")
    if rule.everywhere:
        raise Forbidden("Whoever acts as somebody else sees nothing of them beyond this agency")


def _permit(app: Flask, request: Request, rule: Rule, actor: Actor) -> None:
    if rule.signed_in:
        if actor.kind == "key":
            raise Forbidden("An API key does what its scopes name; this concerns a person's own account")
        return
    if rule.permission is None:
        raise Forbidden("This route declares no permission")
    actor.require(rule.permission)
    reason = denial(app, actor, rule.permission, request.endpoint or "")
    if reason is not None:
        raise Forbidden(reason)


def denial(app: Flask, actor: Actor, permission: str, endpoint: str) -> str | None:
    """Why a rule of access refuses what the roles allow, or None; `endpoint` names the entrance."""
    try:
        reasons = _hook(app).authorize(actor=actor, permission=permission, endpoint=endpoint)
    except Problem:
        raise
    except Exception:
        # A broken rule must not open the door.
        log.exception("access.rule_failed", permission=permission)
        return "A rule of access could not be checked"
    return next((reason for reason in reasons if reason), None)


def _hook(app: Flask) -> Any:
    return app.extensions["tripfile.plugins"].hook
