"""A pair of tokens for a session, as an answer."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from core.actor import Actor
from core.auth import tokens
from core.auth.schemas import AgencyRef, Tokens
from core.db.tenancy import acting_as
from core.plugins.manager import installed


def pair(user_id: UUID, session_id: UUID, agency_id: UUID, counter: int, agencies: list[AgencyRef]) -> Tokens:
    """An access token with every plugin's claims, and the refresh token with this counter."""
    # As the one who signs in, so that a plugin their agency has switched off adds nothing.
    with acting_as(Actor(kind="user", agency_id=agency_id, user_id=user_id, session_id=session_id)) as actor:
        claimed = installed().hook.token_claims(actor=actor)
    extra = {key: value for claims in claimed for key, value in claims.items()}
    names = {"user_id": user_id, "session_id": session_id, "agency_id": agency_id}
    return Tokens(
        access_token=tokens.access_token(**names, extra=extra),
        refresh_token=tokens.refresh_token(**names, counter=counter),
        token_type="Bearer",  # noqa: S106 - the name of a scheme, not a secret
        expires_in=int(current_app.config["JWT_ACCESS_TOKEN_EXPIRES"].total_seconds()),
        agency=next(each for each in agencies if each.id == agency_id),
        agencies=agencies,
    )
