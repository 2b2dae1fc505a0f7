"""Beginning to act as somebody else, and ending it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from msgspec import UNSET

from core import clock
from core.actor import Actor, current_actor, current_user_id
from core.auth import api as auth
from core.auth.api import STRONG
from core.auth.schemas import AgencyRef, ImpersonationView, Tokens
from core.db.session import apart
from core.db.tenancy import acting_as
from core.errors import Fault, Forbidden, Invalid, NotFound
from core.events.log import publish
from core.impersonation import banner, jobs
from core.impersonation.errors import NotImpersonating, OperatorWithoutFactor
from core.impersonation.events import ImpersonationBegan
from core.impersonation.models import Impersonation
from core.impersonation.repository import AGENCY, AGENCY_BY_SLUG, impersonations
from core.impersonation.schemas import ImpersonationDraft, ImpersonationTokens, SupportDraft
from core.roles import builtin
from core.users import accounts, rights
from core.users import api as users

LASTING = timedelta(minutes=30)
METHODS = ("impersonation",)


def begin(draft: ImpersonationDraft) -> ImpersonationTokens:
    """Act as a member of one's agency who may do no more than oneself. Raises NotFound, Invalid, Forbidden."""
    actor = current_actor()
    if draft.user_id == actor.user_id:
        raise Invalid(errors=[Fault("/user_id", "yourself", "You act as yourself already")])
    _check_ceiling(_member(draft.user_id), actor)
    agency = AGENCY.first(agency_id=actor.agency_id)
    assert agency is not None
    return _as_member(draft.user_id, agency, reason=draft.reason.strip(), by_operator=False)


def enter(draft: SupportDraft) -> ImpersonationTokens:
    """Enter any agency as an operator of the platform.

    Raises NotFound for everybody else, OperatorWithoutFactor, Invalid.
    """
    agency = AGENCY_BY_SLUG.first(slug=draft.agency)
    # Nobody else learns which agencies there are, nor that there is a way in.
    if agency is None or not accounts.is_operator(sessions_own_user()):
        raise NotFound("There is no such agency")
    # Every door of the platform is behind this one.
    if not STRONG & current_actor().methods:
        raise OperatorWithoutFactor
    if draft.user_id is UNSET and draft.role is UNSET:
        raise Invalid(errors=[Fault("/user_id", "required", "Say as whom: user_id or role")])
    if draft.user_id is not UNSET and draft.role is not UNSET:
        raise Invalid(errors=[Fault("/role", "either", "Say as whom: user_id or role, not both")])
    with acting_as(_operator_in(agency)):
        if draft.user_id is not UNSET:
            _member(draft.user_id)
            return _as_member(draft.user_id, agency, reason=draft.reason.strip(), by_operator=True)
        assert draft.role is not UNSET
        return _as_support(agency, role=draft.role, reason=draft.reason.strip())


def end() -> None:
    """Act as oneself again: the token is good no more. Raises NotImpersonating."""
    actor = current_actor()
    if actor.impersonator_id is None or actor.session_id is None:
        raise NotImpersonating
    with apart() as session:
        row = auth.locked(session, actor.session_id)
        if row is not None and row.revoked_at is None:
            auth.end(session, row, reason="impersonation_ended")
    jobs.close(impersonations.of_session(actor.session_id), how="ended")


def sessions_own_user() -> UUID:
    """Who is signed in as themselves. Raises NotYourself for keys and impersonators."""
    auth.yourself()
    return current_user_id()


def _member(user_id: UUID) -> Actor:
    found = users.actors([user_id]).get(user_id)
    if found is None:
        raise NotFound("There is no such active member")
    return found


def _check_ceiling(member: Actor, actor: Actor) -> None:
    assert member.user_id is not None
    # Nobody becomes an owner by acting as one.
    rights.refuse_superior(member.user_id, giver=actor)
    for permission, scope in member.grants.items():
        mine = actor.scope_of(permission)
        if mine is None or builtin.wider(mine, scope) != mine:
            raise Forbidden(f"This member may do more than you: {permission}")


def _operator_in(agency: AgencyRef) -> Actor:
    """The operator on the record of an agency they are no member of; with no rights in it."""
    actor = current_actor()
    return Actor(
        kind="user",
        agency_id=agency.id,
        user_id=actor.user_id,
        session_id=actor.session_id,
        impersonator_id=actor.user_id,
        methods=actor.methods,
    )


def _as_member(user_id: UUID, agency: AgencyRef, *, reason: str, by_operator: bool) -> ImpersonationTokens:
    parent_id = _own_session()
    opened = auth.open_session(
        user_id,
        agency=agency.slug,
        # Where a second factor is asked for, it is theirs who really acts that counts.
        methods=(*METHODS, *sorted(STRONG & current_actor().methods)),
        impersonator_id=current_user_id(),
        lifetime=LASTING,
        parent_id=parent_id,
        still=lambda session: auth.live(session, parent_id),
    )
    session_id = auth.verify(opened.access_token).sid
    return _noted(opened, session_id, agency, user_id, reason=reason, by_operator=by_operator, role=None)


def _as_support(agency: AgencyRef, *, role: str, reason: str) -> ImpersonationTokens:
    """A session in an agency where the operator has no place."""
    user_id, parent_id = current_user_id(), _own_session()
    opened = auth.open_support(
        user_id,
        agency,
        methods=(*METHODS, *sorted(STRONG & current_actor().methods)),
        lifetime=LASTING,
        parent_id=parent_id,
        still=lambda session: auth.live(session, parent_id),
    )
    session_id = auth.verify(opened.access_token).sid
    return _noted(opened, session_id, agency, user_id, reason=reason, by_operator=True, role=role)


def _own_session() -> UUID:
    """The session of whoever begins: what they do as somebody else ends with it."""
    session_id = current_actor().session_id
    assert session_id is not None
    return session_id


def _noted(
    opened: Tokens,
    session_id: UUID,
    agency: AgencyRef,
    user_id: UUID,
    *,
    reason: str,
    by_operator: bool,
    role: str | None,
) -> ImpersonationTokens:
    """Put it on the agency's record: without that the token is good for nothing."""
    begun = Impersonation(
        session_id=session_id,
        impersonator_id=current_user_id(),
        user_id=user_id,
        by_operator=by_operator,
        role=role,
        reason=reason,
        expires_at=clock.now() + LASTING,
    )
    impersonations.add(begun)
    publish(
        ImpersonationBegan(
            impersonation_id=begun.id,
            impersonator_id=begun.impersonator_id,
            user_id=user_id,
            by_operator=by_operator,
            role=role,
        ),
        reason=reason,
    )
    jobs.note_end.later(at=begun.expires_at).enqueue(begun.id)
    shown = ImpersonationView(
        begun.id, begun.impersonator_id, banner.name_of(begun.impersonator_id), user_id, by_operator, role, reason,
        begun.expires_at,
    )  # fmt: skip
    return ImpersonationTokens(opened.access_token, opened.token_type, opened.expires_in, agency, shown)
