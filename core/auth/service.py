"""Signing in with a password, changing it, and who is signed in."""

from __future__ import annotations

from uuid import UUID

from core import clock
from core.actor import current_actor, current_user_id
from core.auth import admission, passwords, repository
from core.auth.errors import NoMembership, WrongCredentials
from core.auth.events import PasswordChanged
from core.auth.models import Credential
from core.auth.repository import AGENCIES, IDENTITY, IDENTITY_BY_ID, PROFILE
from core.auth.schemas import Challenge, Login, Me, PasswordChange, Tokens
from core.db.session import apart
from core.errors import Fault, Invalid
from core.events.log import publish


def sign_in(login: Login) -> Tokens | Challenge:
    """Open a session, or ask for a second factor. Raises WrongCredentials, NoMembership."""
    person = IDENTITY.first(email=login.email.strip().lower())
    right = passwords.matches(person.password_hash if person else None, login.password)
    if person is None or not right or person.disabled_at is not None:
        raise WrongCredentials
    if passwords.outdated(person.password_hash):
        _store_password(person.user_id, login.password)
    return admission.admit(person.user_id, agency=login.agency or None, methods=("pwd",))


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
    if actor.impersonator_id is not None:
        # Late: impersonation stands on sign-in.
        from core.impersonation import banner

        return banner.me(actor)
    profile = PROFILE.first(user_id=current_user_id())
    agencies = AGENCIES.rows(user_id=current_user_id())
    agency = next((each for each in agencies if each.id == actor.agency_id), None)
    if profile is None or agency is None:
        raise NoMembership
    return Me(profile, agency, dict(actor.grants))


def _store_password(user_id: UUID, password: str) -> None:
    stored = passwords.hash_password(password)
    with apart() as session:
        session.merge(Credential(user_id=user_id, password_hash=stored, changed_at=clock.now()))
