"""A pair of tokens for a session, as an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import has_request_context, request

from core import clock
from core.actor import CONFINING, Actor
from core.auth.models import AuthSession
from core.auth.schemas import AgencyRef, Tokens
from core.auth.tokens import access, cookies
from core.auth.tokens import refresh as refresh_tokens
from core.db.tenancy import acting_as
from core.extensions import settings
from core.plugins.manager import installed


def pair(row: AuthSession, agencies: list[AgencyRef]) -> Tokens:
    """An access token with every plugin's claims, and the refresh token with the session's counter."""
    lasting = _lasting(row)
    here = next(each for each in agencies if each.id == row.agency_id)
    made = access.make(
        user_id=row.user_id,
        session_id=row.id,
        agency_id=row.agency_id,
        extra=_claims(row),
        audience=row.audience,
        lasting=lasting,
    )
    answer = Tokens(
        access_token=made,
        refresh_token=_refresh_token(row),
        token_type="Bearer",  # noqa: S106 - the name of a scheme, not a secret
        expires_in=int(lasting.total_seconds()),
        agency=here,
        # An agency's identity provider need not learn where else its people work.
        agencies=[here] if CONFINING in row.methods else agencies,
    )
    # Whoever acts as somebody else keeps the cookies they came with.
    if row.impersonator_id is None and has_request_context() and cookies.wanted(request):
        return cookies.put_away(answer, row.id, audience=row.audience)
    return answer


def _lasting(row: AuthSession) -> timedelta:
    left = row.expires_at - clock.now()
    # Nobody renews an impersonation: its one token lasts as long as itself, which is short.
    return left if row.impersonator_id else min(left, settings().jwt_expiration)


def _refresh_token(row: AuthSession) -> str:
    return "" if row.impersonator_id else refresh_tokens.make(row.id, counter=row.counter, audience=row.audience)


def _claims(row: AuthSession) -> dict[str, Any]:
    actor = Actor(
        kind="user",
        agency_id=row.agency_id,
        user_id=row.user_id,
        session_id=row.id,
        audience=row.audience,
        impersonator_id=row.impersonator_id,
    )
    # As the one who signs in, so that a plugin their agency has switched off adds nothing.
    with acting_as(actor):
        claimed = installed().hook.token_claims(actor=actor)
    return {key: value for claims in claimed for key, value in claims.items()}
