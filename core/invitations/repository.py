"""Queries for invitations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select, update

from core.agencies.models import Agency
from core.db import read
from core.db.query import RANGE, Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.fields import Instant
from core.invitations.models import Invitation
from core.invitations.schemas import InvitationView, State
from core.roles.models import Role
from core.users.models import Membership, User

# Shown as expired at once; the column follows within the hour.
_OVER = (Invitation.state == "pending") & (Invitation.expires_at <= func.now())
INVITATION = select(*read.columns(InvitationView, Invitation, state=case((_OVER, "expired"), else_=Invitation.state)))


class Invitations(Repository[Invitation]):
    """An agency's invitations."""

    model = Invitation
    permission = "users.manage"
    listing = Listing(
        filters={
            "state": Filter(Invitation.state, State, "What became of it; one is `expired` within the hour."),
            "expires_at": Filter(Invitation.expires_at, Instant, "When it ends.", RANGE),
        },
        sorts={"created_at": Invitation.created_at},
    )

    def rows(self, query: ListQuery) -> Page[InvitationView]:
        """A page of invitations."""
        return self.page(query, INVITATION, InvitationView)

    def shown(self, invitation_id: UUID) -> InvitationView:
        """An invitation. Raises NotFound."""
        return self.view(invitation_id, INVITATION, InvitationView)

    def locked(self, invitation_id: UUID) -> Invitation | None:
        """An invitation that nobody else accepts or withdraws meanwhile."""
        return db.session.scalar(select(Invitation).where(Invitation.id == invitation_id).with_for_update())

    def pending(self, email: str) -> Invitation | None:
        """The invitation to an address that waits, if only to expire."""
        statement = select(Invitation).where(Invitation.email == email, Invitation.state == "pending")
        return db.session.scalar(statement.with_for_update())

    def expire(self, now: datetime) -> None:
        """Mark those whose time is over."""
        over = update(Invitation).where(Invitation.state == "pending", Invitation.expires_at <= now)
        db.session.execute(over.values(state="expired", version=Invitation.version + 1))


def is_colleague(email: str) -> bool:
    """Whether somebody with this address has a place in the acting agency."""
    place = select(Membership.id).join(User, User.id == Membership.user_id)
    return db.session.scalar(place.where(User.email == email, Membership.state != "left")) is not None


def agency() -> Agency:
    """The acting agency."""
    return db.session.scalars(select(Agency).where(Agency.id == current_agency_id())).one()


def inviter(invitation: Invitation) -> str | None:
    """The name of whoever invited last; None where they are gone."""
    return db.session.scalar(select(User.name).where(User.id == invitation.invited_by))


def role_names(codes: list[str]) -> list[str]:
    """What roles are called; those that are gone are left out."""
    return list(db.session.scalars(select(Role.name).where(Role.code.in_(codes)).order_by(Role.name)))


invitations = Invitations()
