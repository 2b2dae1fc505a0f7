"""Signing in, staying signed in, and signing out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import current_app, request
from sqlalchemy.orm import Session

from core import clock, ids
from core.actor import Actor, current_actor, current_user_id
from core.auth import passwords, repository, tokens
from core.auth.errors import InvalidToken, NoMembership, WrongCredentials
from core.auth.events import PasswordChanged, SessionOpened, SessionRevoked
from core.auth.models import AuthSession, Credential
from core.auth.repository import AGENCIES, IDENTITY, IDENTITY_BY_ID, PROFILE
from core.auth.schemas import AgencyRef, Login, Me, PasswordChange, Tokens
from core.db.session import apart
from core.db.tenancy import acting_as
from core.errors import Fault, Invalid
from core.events.log import publish, publish_apart
from core.plugins.manager import installed

GRACE = timedelta(seconds=10)
"""How long the previous refresh token still buys the same successor: the answer may have been lost on the way."""
ABSOLUTE = timedelta(days=90)


def sign_in(login: Login) -> Tokens:
    """Open a session. Raises WrongCredentials, NoMembership."""
    person = IDENTITY.first(email=login.email.strip().lower())
    right = passwords.matches(person.password_hash if person else None, login.password)
    if person is None or not right or person.disabled_at is not None:
        raise WrongCredentials
    if passwords.outdated(person.password_hash):
        _store_password(person.user_id, login.password)
    return _open(person.user_id, slug=login.agency or None)


def switch(slug: str) -> Tokens:
    """Open a session in another agency of the signed-in person. Raises NoMembership."""
    return _open(current_user_id(), slug=slug)


def refresh(token: str) -> Tokens:
    """Trade a refresh token for the next pair. One that was used before ends the session. Raises InvalidToken."""
    claims = tokens.verify(token, kind="refresh")
    with apart() as session:
        row = repository.locked_session(session, claims.sid)
        ended_before = row is None or row.revoked_at is not None
        counter = _rotate(session, row, claims)
    if counter is None and not ended_before:
        _report_replay(row, claims)
    if counter is None or repository.standing(claims.sid) is None:
        raise InvalidToken
    agencies = AGENCIES.rows(user_id=claims.sub)
    return _pair(claims.sub, claims.sid, claims.agency, counter, agencies)


def sign_out() -> None:
    """End the session the access token belongs to."""
    actor = current_actor()
    with apart() as session:
        row = session.get(AuthSession, actor.session_id)
        if row is not None and row.revoked_at is None:
            repository.end(session, row, reason="signed_out")
    if actor.session_id is not None:
        publish(SessionRevoked(session_id=actor.session_id, reason="signed_out"))


def change_password(change: PasswordChange) -> None:
    """Set a new password and end every other session. Raises WrongCredentials, Invalid."""
    user_id = current_user_id()
    person = IDENTITY_BY_ID.first(user_id=user_id)
    if person is None or not passwords.matches(person.password_hash, change.current):
        raise Invalid(errors=[Fault("/current", "wrong_password", "This is not your present password")])
    passwords.check_rules(change.new, pointer="/new")
    stored = passwords.hash_password(change.new)
    with apart() as session:
        session.merge(Credential(user_id=user_id, password_hash=stored, changed_at=clock.now()))
        repository.revoke(session, user_id=user_id, reason="password_changed", but=current_actor().session_id)
    publish(PasswordChanged(user_id=user_id))


def me() -> Me:
    """The signed-in person and what they may do."""
    actor = current_actor()
    profile = PROFILE.first(user_id=current_user_id())
    agencies = AGENCIES.rows(user_id=current_user_id())
    agency = next((each for each in agencies if each.id == actor.agency_id), None)
    if profile is None or agency is None:
        raise NoMembership
    return Me(profile, agency, dict(actor.grants))


def _open(user_id: UUID, *, slug: str | None) -> Tokens:
    agencies = AGENCIES.rows(user_id=user_id)
    agency = next((each for each in agencies if slug in (None, each.slug)), None)
    if agency is None:
        raise NoMembership
    session_id = ids.new()
    with apart() as session:
        session.add(
            AuthSession(
                id=session_id,
                user_id=user_id,
                agency_id=agency.id,
                counter=0,
                expires_at=clock.now() + ABSOLUTE,
                ip=request.remote_addr,
                user_agent=(request.user_agent.string or "")[:400],
            )
        )
    with acting_as(Actor(kind="user", agency_id=agency.id, user_id=user_id, session_id=session_id)):
        publish(SessionOpened(session_id=session_id, user_id=user_id))
    return _pair(user_id, session_id, agency.id, 0, agencies)


def _rotate(session: Session, row: AuthSession | None, claims: tokens.Claims) -> int | None:
    """The counter of the next refresh token; None when the session has ended, now or before."""
    if row is None or row.revoked_at is not None or row.user_id != claims.sub or row.agency_id != claims.agency:
        return None
    behind = row.counter - (claims.counter or 0)
    if behind == 0:
        row.counter, row.rotated_at = row.counter + 1, clock.now()
        return row.counter
    if behind == 1 and clock.now() - row.rotated_at <= GRACE:
        return row.counter
    repository.end(session, row, reason="refresh_token_reused")
    return None


def _report_replay(row: AuthSession | None, claims: tokens.Claims) -> None:
    if row is None or row.revoked_because != "refresh_token_reused":
        return
    actor = Actor(kind="public", agency_id=row.agency_id, user_id=row.user_id, session_id=row.id)
    fact = SessionRevoked(session_id=claims.sid, reason="refresh_token_reused")
    publish_apart(fact, actor=actor, agency_id=row.agency_id)


def _pair(user_id: UUID, session_id: UUID, agency_id: UUID, counter: int, agencies: list[AgencyRef]) -> Tokens:
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


def _store_password(user_id: UUID, password: str) -> None:
    stored = passwords.hash_password(password)
    with apart() as session:
        session.merge(Credential(user_id=user_id, password_hash=stored, changed_at=clock.now()))
