"""What happened to members and teams."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.events.event import Event


class MemberAdded(Event):
    """Somebody got a place in the agency."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    roles: list[str]
    teams: list[UUID] = []


class MemberChanged(Event):
    """A member's state, roles or teams changed."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    from_state: str
    from_roles: list[str]
    from_teams: list[UUID]
    state: str
    roles: list[str]
    teams: list[UUID]


class TeamCreated(Event):
    """A team was made."""

    subject: ClassVar[str] = "team_id"
    team_id: UUID


class TeamChanged(Event):
    """A team got another name."""

    subject: ClassVar[str] = "team_id"
    team_id: UUID


class TeamDeleted(Event):
    """A team was dissolved."""

    subject: ClassVar[str] = "team_id"
    team_id: UUID
