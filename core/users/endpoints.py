"""Members and teams over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint
from core.users import leaving, permissions, profiles, service, teams
from core.users.repository import Members, Teams
from core.users.schemas import (
    Departure,
    DepartureView,
    HoldingsView,
    MemberPatch,
    MemberRow,
    MemberView,
    ProfilePatch,
    ProfileView,
    TeamDraft,
    TeamPatch,
    TeamView,
)

blueprint = Blueprint("users", description="Members of the agency, and their teams.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Members.listing)
@blueprint.response(200, Page[MemberRow])
def search(query: ListQuery) -> Page[MemberRow]:
    """List and search members."""
    return service.rows(query)


@blueprint.get("/me", signed_in=True)
@blueprint.response(200, ProfileView)
def show_me() -> ProfileView:
    """Show what you are called, and how you are written to, in all your agencies."""
    return profiles.mine()


@blueprint.patch("/me", signed_in=True, everywhere=True)
@blueprint.if_match
@blueprint.arguments(ProfilePatch)
@blueprint.response(200, ProfileView)
def change_me(patch: ProfilePatch, version: int | None) -> ProfileView:
    """Change your name, language or time zone, in all your agencies; nobody else can."""
    return profiles.change(patch, version=version)


@blueprint.get("/<uuid:user_id>", permission=permissions.READ)
@blueprint.response(200, MemberView)
def show(user_id: UUID) -> MemberView:
    """Show a member."""
    return service.view(user_id)


@blueprint.patch("/<uuid:user_id>", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.if_match
@blueprint.arguments(MemberPatch)
@blueprint.response(200, MemberView)
def change(patch: MemberPatch, user_id: UUID, version: int | None) -> MemberView:
    """Change a member's state, roles, teams, or whom they report to."""
    return service.change(user_id, patch, version=version)


@blueprint.get("/<uuid:user_id>/holdings", permission=permissions.MANAGE)
@blueprint.response(200, HoldingsView)
def show_holdings(user_id: UUID) -> HoldingsView:
    """Count what a member owns: what somebody must take over when they leave."""
    return leaving.holdings_of(user_id)


@blueprint.post("/<uuid:user_id>/leave", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.if_match
@blueprint.arguments(Departure)
@blueprint.response(200, DepartureView)
def leave(departure: Departure, user_id: UUID, version: int | None) -> DepartureView:
    """See a member off; a job hands over what they own. They may be invited again later.

    Of somebody who has left already, it hands over whatever is theirs still.
    """
    return leaving.leave(user_id, departure, version=version)


@blueprint.get("/teams", permission=permissions.READ)
@blueprint.listing(Teams.listing)
@blueprint.response(200, Page[TeamView])
def search_teams(query: ListQuery) -> Page[TeamView]:
    """List teams."""
    return teams.rows(query)


@blueprint.post("/teams", permission=permissions.MANAGE)
@blueprint.arguments(TeamDraft)
@blueprint.response(201, TeamView)
def create_team(draft: TeamDraft) -> TeamView:
    """Make a team."""
    return teams.create(draft)


@blueprint.get("/teams/<uuid:team_id>", permission=permissions.READ)
@blueprint.response(200, TeamView)
def show_team(team_id: UUID) -> TeamView:
    """Show a team."""
    return teams.view(team_id)


@blueprint.patch("/teams/<uuid:team_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.arguments(TeamPatch)
@blueprint.response(200, TeamView)
def change_team(patch: TeamPatch, team_id: UUID, version: int | None) -> TeamView:
    """Rename a team."""
    return teams.change(team_id, patch, version=version)


@blueprint.delete("/teams/<uuid:team_id>", permission=permissions.MANAGE, step_up=True)
@blueprint.if_match
@blueprint.response(204)
def delete_team(team_id: UUID, version: int | None) -> None:
    """Dissolve a team; its members stay in the agency."""
    teams.delete(team_id, version=version)
