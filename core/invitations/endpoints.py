"""Invitations over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.config import Settings
from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint
from core.invitations import accepting, service
from core.invitations.repository import Invitations
from core.invitations.schemas import (
    Acceptance,
    InvitationDraft,
    InvitationLook,
    InvitationOffer,
    InvitationView,
    Joined,
    Joining,
)
from core.users import permissions


def _sign_ins(settings: Settings) -> str:
    return settings.rate_limit_login


blueprint = Blueprint("invitations", description="Invitations: how people join the agency.")


@blueprint.get("/", permission=permissions.MANAGE)
@blueprint.listing(Invitations.listing)
@blueprint.response(200, Page[InvitationView])
def search(query: ListQuery) -> Page[InvitationView]:
    """List invitations."""
    return service.rows(query)


@blueprint.post("/", permission=permissions.MANAGE, step_up=True, problems=(409, 429))
@blueprint.arguments(InvitationDraft)
@blueprint.response(201, InvitationView)
def invite(draft: InvitationDraft) -> InvitationView:
    """Invite somebody by e-mail; the link in the mail is good once, for a week."""
    return service.invite(draft)


@blueprint.get("/<uuid:invitation_id>", permission=permissions.MANAGE)
@blueprint.response(200, InvitationView)
def show(invitation_id: UUID) -> InvitationView:
    """Show an invitation."""
    return service.view(invitation_id)


@blueprint.post("/<uuid:invitation_id>/send", permission=permissions.MANAGE, step_up=True, problems=(409, 429))
@blueprint.response(200, InvitationView)
def send_again(invitation_id: UUID) -> InvitationView:
    """Mail an invitation again, for another week; the link of the last mail alone is good."""
    return service.send_again(invitation_id)


@blueprint.delete("/<uuid:invitation_id>", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.if_match
@blueprint.response(204)
def withdraw(invitation_id: UUID, version: int | None) -> None:
    """Withdraw an invitation: its link is good no more."""
    service.withdraw(invitation_id, version=version)


@blueprint.post("/look", public=True, limit=_sign_ins, credentials=True, problems=(404,))
@blueprint.arguments(InvitationLook)
@blueprint.response(200, InvitationOffer)
def look(body: InvitationLook) -> InvitationOffer:
    """Tell whoever has the link which agency invites whom."""
    return accepting.look(body.token)


@blueprint.post("/accept", public=True, limit=_sign_ins, credentials=True, problems=(401, 403, 404, 409))
@blueprint.arguments(Acceptance)
@blueprint.response(200, Joined)
def accept(acceptance: Acceptance) -> Joined:
    """Join with a new account, or with the one of this address and its password; sign in afterwards."""
    return accepting.accept(acceptance)


@blueprint.post("/join", signed_in=True, everywhere=True, problems=(403, 404, 409))
@blueprint.arguments(Joining)
@blueprint.response(200, Joined)
def join(joining: Joining) -> Joined:
    """Join as who you are signed in as; the invitation must be for your address."""
    return accepting.join(joining)
