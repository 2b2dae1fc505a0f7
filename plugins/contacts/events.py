"""What happened to contacts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from core.sdk import Code, Event


class ContactCreated(Event):
    """A person, household or company became known to the agency."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    kind: Code


class ContactChanged(Event):
    """Something about a contact changed, other than its owner."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    fields: list[Code]


class ContactAssigned(Event):
    """A contact got another owner or team."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    from_owner_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    owner_left: bool = False
    """Because its owner left the agency, together with everything else they owned."""


class ContactDeleted(Event):
    """A contact was put away; it can be restored."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID


class ContactRestored(Event):
    """A contact that was put away is back."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID


class ContactsMerged(Event):
    """Another contact went into this one."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    other_id: UUID
    merge_id: UUID
    fields: list[Code]
    """What it changed in this one."""


class ContactMergedAway(Event):
    """A contact went into another one, where everything about it is from now on."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    into_id: UUID
    merge_id: UUID


class MergeUndone(Event):
    """A contact that had gone into this one is one of its own again."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    other_id: UUID
    merge_id: UUID


class ContactsDistinguished(Event):
    """Somebody said that two contacts that look like one are two, or took that back."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    other_id: UUID
    distinct: bool


class ConsentAsked(Event):
    """A contact was asked to confirm that they may be contacted for a purpose by a channel (double opt-in)."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    statement_id: UUID
    purpose: Code
    channel: Code
    source: Code
    said_at: datetime
    stands: bool
    """Whether that is how it stands: not where they had given it, or said something later."""


class ConsentGiven(Event):
    """A contact may be contacted for a purpose by a channel."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    statement_id: UUID
    purpose: Code
    channel: Code
    basis: Code
    source: Code
    wording: Code | None
    said_at: datetime
    expires_at: datetime | None
    stands: bool
    """Whether that is how it stands: not where they said something later."""


class ConsentWithdrawn(Event):
    """A contact may not be contacted for a purpose by a channel, or may not any more."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    statement_id: UUID
    purpose: Code
    channel: Code
    source: Code
    said_at: datetime
    stands: bool
    """Whether that is how it stands: not where they said something later."""


class MemberAdded(Event):
    """A person became part of a household or company."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    member_id: UUID
    role: Code
    primary: bool


class MemberChanged(Event):
    """A person of a household or company has another role there, or is the one to talk to, or no more."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    member_id: UUID
    role: Code
    primary: bool


class MemberRemoved(Event):
    """A person is no part of a household or company any more."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    member_id: UUID
