"""What can be done with teams."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET

from core.db.query import ListQuery, Page
from core.db.tenancy import current_agency_id
from core.events.log import publish
from core.revocations.api import revoke
from core.users.errors import TeamNameTaken
from core.users.events import TeamChanged, TeamCreated, TeamDeleted
from core.users.models import Team
from core.users.repository import teams
from core.users.schemas import TeamDraft, TeamPatch, TeamView


def rows(query: ListQuery) -> Page[TeamView]:
    """A page of teams."""
    return teams.rows(query)


def view(team_id: UUID) -> TeamView:
    """A team. Raises NotFound."""
    return teams.shown(team_id)


def create(draft: TeamDraft) -> TeamView:
    """Make a team. Raises TeamNameTaken."""
    _refuse_taken(draft.name)
    team = teams.add(Team(name=draft.name))
    publish(TeamCreated(team_id=team.id))
    return teams.shown(team.id)


def change(team_id: UUID, patch: TeamPatch, *, version: int | None) -> TeamView:
    """Rename a team. Raises TeamNameTaken."""
    team = teams.get(team_id, version=version)
    if patch.name is not UNSET and patch.name != team.name:
        _refuse_taken(patch.name)
        team.name = patch.name
        publish(TeamChanged(team_id=team.id), of=team)
        teams.save()
    return teams.shown(team.id)


def delete(team_id: UUID, *, version: int | None) -> None:
    """Dissolve a team; its members stay in the agency."""
    team = teams.get(team_id, version=version)
    publish(TeamDeleted(team_id=team.id))
    teams.remove(team)
    # All of it, rather than one row for each member: teams are seldom dissolved.
    revoke("agency", current_agency_id())


def _refuse_taken(name: str) -> None:
    if teams.has_name(name):
        raise TeamNameTaken
