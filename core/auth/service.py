"""Signing in, staying signed in, and signing out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core import clock
from core.actor import Actor, current_actor, current_user_id
from core.auth import admission, pairs, passwords, repository, sessions, tokens
from core.auth.errors import InvalidToken, NoMembership, WrongCredentials
from core.auth.events import PasswordChanged, SessionRevoked
from core.auth.models import AuthSession, Credential
from core.auth.repository import AGENCIES, IDENTITY, IDENTITY_BY_ID, PROFILE
from core.auth.schemas import Challenge, Login, Me, PasswordChange, Tokens
from core.db.session import apart
from core.errors import Fault, Invalid
from core.events.log import publish, publish_apart

GRACE = timedelta(seconds=10)
"""How long the previous refresh token still buys the same successor: the answer may have been lost on the way."""


def sign_in(login: Login) -> Tokens | Challenge:
    """Open a session, or ask for a second factor. Raises WrongCredentials, NoMembership."""
    person = IDENTITY.first(email=login.email.strip().lower())
    right = passwords.matches(person.password_hash if person else None, login.password)
    if person is None or not right or person.disabled_at is not None:
        raise WrongCredentials
    if passwords.outdated(person.password_hash):
        _store_password(person.user_id, login.password)
    return admission.admit(person.user_id, agency=login.agency or None, methods=("pwd",))


def switch(slug: str) -> Tokens:
    """Open a session in another agency of the signed-in person. Raises NoMembership."""
    proof = repository.PROOF.first(session_id=current_actor().session_id)
    if proof is None:
        raise InvalidToken
    # Going elsewhere proves nothing anew.
    return sessions.open_session(current_user_id(), agency=slug, methods=proof.methods, proven_at=proof.proven_at)


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
    return pairs.pair(claims.sub, claims.sid, claims.agency, counter, agencies)


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


def _store_password(user_id: UUID, password: str) -> None:
    stored = passwords.hash_password(password)
    with apart() as session:
        session.merge(Credential(user_id=user_id, password_hash=stored, changed_at=clock.now()))
