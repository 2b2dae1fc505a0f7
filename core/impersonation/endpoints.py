"""Impersonation over HTTP."""

from __future__ import annotations

from core.http.blueprint import Blueprint
from core.impersonation import service
from core.impersonation.schemas import ImpersonationDraft, ImpersonationTokens, SupportDraft
from core.users import permissions

blueprint = Blueprint("impersonation", description="Act as somebody else to help them, on the record.")


@blueprint.post("/", permission=permissions.IMPERSONATE, step_up=True, credentials=True)
@blueprint.arguments(ImpersonationDraft)
@blueprint.response(200, ImpersonationTokens)
def begin(draft: ImpersonationDraft) -> ImpersonationTokens:
    """Act as a member who may do no more than you, for half an hour. They are told, and the log keeps your reason."""
    return service.begin(draft)


@blueprint.post("/support", signed_in=True, step_up=True, credentials=True, problems=(404,))
@blueprint.arguments(SupportDraft)
@blueprint.response(200, ImpersonationTokens)
def enter(draft: SupportDraft) -> ImpersonationTokens:
    """Enter any agency for half an hour, as a member or as support. For operators of the platform alone."""
    return service.enter(draft)


@blueprint.delete("/", signed_in=True, problems=(409,))
@blueprint.response(204)
def end() -> None:
    """Act as yourself again: the token is good no more."""
    service.end()
