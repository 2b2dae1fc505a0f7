"""What happened to leads."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from core.sdk import Code, Event


class LeadCreated(Event):
    """An enquiry came in."""

    schema_version: ClassVar[int] = 2
    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    reference: Code
    source: Code
    owner_id: UUID | None
    imported: bool = False
    """By a file, with many others: nobody waits for a first response, and owners are told once of all of them."""

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """The first version knew no files."""
        return {**payload, "imported": False}


class LeadChanged(Event):
    """Something about a lead changed, other than its status and owner."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    fields: list[Code]


class LeadMoved(Event):
    """A lead went from one status to another."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    from_status: Code
    to_status: Code
    manual: bool
    """Moved by an agent's word where a plugin that is off would have checked."""


class LeadWon(Event):
    """The client said yes."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    owner_id: UUID | None


class LeadLost(Event):
    """The client will not travel with this agency, for now."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    reason: Code


class LeadAssigned(Event):
    """A lead got another owner or team."""

    schema_version: ClassVar[int] = 2
    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    from_owner_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    owner_left: bool = False
    """Because its owner left the agency, together with everything else they owned."""

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """The first version knew nobody who left."""
        return {**payload, "owner_left": False}


class LeadDeleted(Event):
    """A lead was put away; it can be restored."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID


class LeadRestored(Event):
    """A lead that was put away is back."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID


class NoteWritten(Event):
    """Somebody wrote a note on a lead."""

    schema_version: ClassVar[int] = 2
    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    note_id: UUID
    mentioned: list[UUID]
    """The colleagues it mentions."""

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """The first version knew no mentions."""
        return {**payload, "mentioned": []}


class NoteChanged(Event):
    """Somebody corrected or pinned a note on a lead."""

    schema_version: ClassVar[int] = 2
    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    note_id: UUID
    mentioned: list[UUID]
    """The colleagues it did not mention before."""

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """The first version knew no mentions."""
        return {**payload, "mentioned": []}


class CallLogged(Event):
    """Somebody wrote down a call with the client of a lead."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    call_id: UUID
    direction: Code
    outcome: Code
    duration_seconds: int


class FirstResponseDue(Event):
    """A lead is to get a first response by an instant; told anew where that changes."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    due_at: datetime


class FirstResponseGiven(Event):
    """The client of a lead heard of the agency for the first time."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    in_time: bool
    working_minutes: int


class FirstResponseOverdue(Event):
    """Nobody has contacted the client of a lead by the time that was set for it; told once."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    owner_id: UUID | None
    team_id: UUID | None
    due_at: datetime


class FirstResponseTargetsChanged(Event):
    """Leads are to get a first response within other working times."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    urgent: int | None
    high: int | None
    normal: int | None
    low: int | None


class LeadGivenOut(Event):
    """A lead that came in went to somebody by a rule of the agency."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    rule_id: UUID
    owner_id: UUID
    team_id: UUID | None


class LeadNotGivenOut(Event):
    """Rules held for a lead that came in, and none had anybody to give it to: it has no owner."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    rule_ids: list[UUID]
    team_id: UUID | None


class AssignmentRuleCreated(Event):
    """Leads are given out by another rule."""

    subject: ClassVar[str] = "assignment_rule_id"
    assignment_rule_id: UUID


class AssignmentRuleChanged(Event):
    """A rule by which leads are given out changed."""

    subject: ClassVar[str] = "assignment_rule_id"
    assignment_rule_id: UUID
    fields: list[Code]


class AssignmentRuleDeleted(Event):
    """Leads are given out by a rule no more."""

    subject: ClassVar[str] = "assignment_rule_id"
    assignment_rule_id: UUID


class SkillsChanged(Event):
    """Somebody said which languages and destinations a member knows."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class NoteDeleted(Event):
    """Somebody deleted a note on a lead."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    note_id: UUID


class LeadsMerged(Event):
    """Another lead went into this one."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    other_id: UUID
    merge_id: UUID
    fields: list[Code]
    """What it changed in this one."""


class LeadMergedAway(Event):
    """A lead went into another one, where everything about it is from now on."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    into_id: UUID
    merge_id: UUID


class MergeUndone(Event):
    """A lead that had gone into this one is one of its own again."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    other_id: UUID
    merge_id: UUID


class LeadsDistinguished(Event):
    """Somebody said that two leads that look like one are two, or took that back."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    other_id: UUID
    distinct: bool


class LeadsIdle(Event):
    """Somebody has open leads without a next action; told once a day."""

    subject: ClassVar[str] = "owner_id"
    owner_id: UUID
    count: int


class FileAttached(Event):
    """Somebody put a file to a lead."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    attachment_id: UUID


class FileRemoved(Event):
    """Somebody removed a file of a lead."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    attachment_id: UUID
