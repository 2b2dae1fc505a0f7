"""What happened to roles."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class RoleCreated(Event):
    """The agency made a role."""

    subject: ClassVar[str] = "role_id"
    role_id: UUID
    code: Code
    permissions: dict[Code, Code]


class RoleChanged(Event):
    """A role got another name or other permissions."""

    subject: ClassVar[str] = "role_id"
    role_id: UUID
    from_permissions: dict[Code, Code]
    permissions: dict[Code, Code]


class RoleDeleted(Event):
    """A role was deleted."""

    subject: ClassVar[str] = "role_id"
    role_id: UUID
    code: Code
