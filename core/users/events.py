"""What happened to members and teams."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class MemberAdded(Event):
    """Somebody got a place in the agency."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    roles: list[Code]
    teams: list[UUID] = []


class MemberChanged(Event):
    """A member's state, roles or teams changed."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    from_state: Code
    from_roles: list[Code]
    from_teams: list[UUID]
    state: Code
    roles: list[Code]
    teams: list[UUID]


class MemberMoved(Event):
    """A member reports to somebody else than before."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    from_superior: UUID | None
    superior: UUID | None


class MemberLeft(Event):
    """A member left the agency; what they own goes to their successors."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    from_state: Code
    from_roles: list[Code]
    from_teams: list[UUID]
    successors: list[UUID]
    holdings: dict[Code, int]
    """How many rows of each kind they owned."""


class ProfileChanged(Event):
    """A person changed what they are called, or how they are written to."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    changed: list[Code]
    """Which of `name`, `language` and `zone`."""


class HoldingsHandedOver(Event):
    """Everything that somebody who left had owned has another owner."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    successors: list[UUID]
    handed_over: dict[Code, int]
    """How many rows of each kind."""


class AccountDisabled(Event):
    """The platform's operator closed a member's account, in every agency."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class AccountEnabled(Event):
    """The platform's operator opened a member's account again."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


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
