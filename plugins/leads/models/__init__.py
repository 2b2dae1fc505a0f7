"""Leads with their tags, notes and status history."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Computed, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import (
    NOT_PERSONAL,
    PERSONAL,
    Code,
    Codes,
    CustomFields,
    Day,
    Facts,
    Model,
    Number,
    Owned,
    SoftDeleted,
    StructJSON,
    owned_key,
    personal,
    privacy,
    vault,
)

from ..schemas.assigned import AssignedBecause
from ..schemas.scored import ScoreReasons
from .kept import Attachment as Attachment
from .kept import CallVersion as CallVersion
from .kept import NoteVersion as NoteVersion
from .rules import AssignmentRule as AssignmentRule
from .rules import ResponseTargets as ResponseTargets
from .rules import Skill as Skill
from .scores import Scoring as Scoring
from .scores import ScoringRule as ScoringRule

# Those that nobody awaits come last.
RESPONSE_ORDER = (
    "CASE WHEN response_due_at IS NOT NULL AND response_state IN ('pending', 'overdue') THEN response_due_at"
    " ELSE '9999-12-31 00:00:00+00'::timestamp with time zone END"
)


class Lead(Owned, SoftDeleted, Model):
    """An enquiry: who asks, for which trip, and how far the sale has come."""

    __tablename__ = "leads_lead"

    reference: Mapped[Code]
    status: Mapped[Code]
    status_since: Mapped[datetime]
    kind: Mapped[Code]
    source: Mapped[Code]
    priority: Mapped[Code] = mapped_column(server_default="normal")
    utm: Mapped[dict[str, Any] | None] = mapped_column(info=personal("technical"))
    contact_id: Mapped[UUID]
    merged_into: Mapped[UUID | None]
    """The lead that stays of those this one was merged with; it is deleted then."""
    imported: Mapped[bool] = mapped_column(server_default=false(), default=False)
    """It came by a file, with others: nobody waits for a first response."""
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    brand_id: Mapped[UUID | None]
    assigned_because: Mapped[AssignedBecause | None] = mapped_column(StructJSON(AssignedBecause), info=NOT_PERSONAL)
    language: Mapped[Code | None]
    zone: Mapped[Code | None]
    nationality: Mapped[str | None] = mapped_column(info=personal("identity"))
    residency: Mapped[str | None] = mapped_column(info=personal("identity"))

    destinations: Mapped[Codes]
    departure_city: Mapped[str | None] = mapped_column(info=personal("contact"))
    date_mode: Mapped[Code | None]
    start_date: Mapped[Day | None]
    end_date: Mapped[Day | None]
    flex_days: Mapped[Number | None]
    nights: Mapped[Number | None]
    adults: Mapped[Number | None]
    children_ages: Mapped[list[int]] = mapped_column(info=personal("identity"))
    infants: Mapped[Number]
    rooms: Mapped[Number | None]
    budget_minor: Mapped[Number | None]
    budget_currency: Mapped[Code | None]
    budget_per: Mapped[Code | None]
    hotel_category: Mapped[Number | None]
    board: Mapped[Code | None]
    pace: Mapped[Code | None]
    interests: Mapped[list[str]] = mapped_column(info=PERSONAL)
    occasion: Mapped[str | None] = mapped_column(info=PERSONAL)
    restrictions: Mapped[vault.Secret | None] = vault.encrypted(
        "contact_id", subject=privacy.CONTACT, category="special"
    )

    value_minor: Mapped[Number | None]
    value_currency: Mapped[Code | None]
    probability: Mapped[Number | None]
    expected_close: Mapped[Day | None]
    next_action_at: Mapped[datetime | None]
    """When the first open task about it is due; where there is none, what somebody said."""
    own_action_at: Mapped[datetime | None]
    """What somebody said."""
    next_task_at: Mapped[datetime | None]
    next_action: Mapped[str | None] = mapped_column(info=PERSONAL)
    response_due_at: Mapped[datetime | None]
    """When the client is to hear of us first; None where the agency set no time for that."""
    responded_at: Mapped[datetime | None]
    response_minutes: Mapped[Number | None]
    """The working time that took."""
    response_state: Mapped[str | None] = mapped_column(info=NOT_PERSONAL)
    score: Mapped[Number | None]
    """From 0 to 100; None until it is reckoned. A closed lead keeps its last one."""
    score_band: Mapped[str | None] = mapped_column(info=NOT_PERSONAL)
    score_reasons: Mapped[ScoreReasons | None] = mapped_column(StructJSON(ScoreReasons), info=PERSONAL)
    scored_at: Mapped[datetime | None]
    hold_until: Mapped[Day | None]
    lost_reason: Mapped[Code | None]
    recycle_on: Mapped[Day | None]
    back_on: Mapped[Day | None] = mapped_column()  # Either of them, until somebody was told.

    # A keyset needs a value in every row: undated leads come last.
    sort_start: Mapped[Day] = mapped_column(Computed("COALESCE(start_date, '9999-12-31'::date)", persisted=True))
    sort_next_action: Mapped[datetime] = mapped_column(
        Computed("COALESCE(next_action_at, '9999-12-31 00:00:00+00'::timestamp with time zone)", persisted=True)
    )

    sort_response: Mapped[datetime] = mapped_column(Computed(RESPONSE_ORDER, persisted=True))
    sort_score: Mapped[Number] = mapped_column(Computed("COALESCE(score, '-1'::bigint)", persisted=True))
    needs_action: Mapped[bool] = mapped_column(
        Boolean(), Computed("status NOT IN ('won', 'lost') AND next_action_at IS NULL", persisted=True)
    )
    """Whether it is open and nobody has said what comes next."""

    __table_args__ = (
        UniqueConstraint("agency_id", "reference"),
        owned_key("contact_id", "contacts_contact"),
        owned_key("owner_id", "core_membership", referred="user_id", ondelete="SET NULL (owner_id)"),
        owned_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
        owned_key("brand_id", "core_brand", ondelete="SET NULL (brand_id)"),
        owned_key("merged_into", "leads_lead", ondelete="SET NULL (merged_into)"),
        Index("leads_lead_merged_into_idx", "agency_id", "merged_into"),
        Index("leads_lead_created_at_idx", "agency_id", "created_at", "id"),
        Index("leads_lead_updated_at_idx", "agency_id", "updated_at", "id"),
        Index("leads_lead_sort_start_idx", "agency_id", "sort_start", "id"),
        Index("leads_lead_sort_response_idx", "agency_id", "sort_response", "id"),
        Index(
            "leads_lead_response_state_idx",
            "agency_id",
            "response_state",
            "response_due_at",
            "id",
            postgresql_where=response_state.is_not(None),
        ),
        Index("leads_lead_sort_score_idx", "agency_id", "sort_score", "id"),
        Index(
            "leads_lead_score_band_idx",
            *("agency_id", "score_band", "created_at", "id"),
            postgresql_where=score_band.is_not(None),
        ),
        Index("leads_lead_sort_next_action_idx", "agency_id", "sort_next_action", "id"),
        Index("leads_lead_status_idx", "agency_id", "status", "created_at", "id"),
        Index("leads_lead_source_idx", "agency_id", "source", "created_at", "id"),
        Index("leads_lead_owner_id_idx", "agency_id", "owner_id", "created_at", "id"),
        Index("leads_lead_load_idx", "agency_id", "owner_id", "status"),
        Index("leads_lead_team_id_idx", "agency_id", "team_id", "created_at", "id"),
        Index("leads_lead_back_on_idx", "agency_id", "back_on", "id", postgresql_where=back_on.is_not(None)),
        Index("leads_lead_needs_action_idx", "agency_id", "needs_action", "created_at", "id"),
        Index("leads_lead_contact_id_idx", "agency_id", "contact_id", "created_at", "id"),
    )


FIELDS = CustomFields("leads.lead", Lead)


class Tag(Owned, Model):
    """A word an agent sorts leads by."""

    __tablename__ = "leads_tag"

    lead_id: Mapped[UUID]
    tag: Mapped[str] = mapped_column(info=PERSONAL)

    __table_args__ = (
        UniqueConstraint("agency_id", "lead_id", "tag"),
        owned_key("lead_id", "leads_lead", ondelete="CASCADE"),
        Index("leads_tag_tag_idx", "agency_id", "tag", "lead_id"),
    )


class StatusChange(Owned, Model):
    """One step through the pipeline: the history is only ever added to."""

    __tablename__ = "leads_status_change"

    lead_id: Mapped[UUID]
    from_status: Mapped[Code | None]
    to_status: Mapped[Code]
    seconds_in_status: Mapped[Number | None]
    """How long the lead was in the status it left."""
    author_id: Mapped[UUID | None]
    note: Mapped[str | None] = mapped_column(info=PERSONAL)
    reason: Mapped[Code | None]
    manual: Mapped[bool]

    __table_args__ = (
        owned_key("lead_id", "leads_lead", ondelete="CASCADE"),
        Index("leads_status_change_created_at_idx", "agency_id", "lead_id", "created_at", "id"),
    )


class Note(Owned, Model):
    """What somebody wrote down about a lead."""

    __tablename__ = "leads_note"

    lead_id: Mapped[UUID]
    author_id: Mapped[UUID | None]
    text: Mapped[str] = mapped_column(info=PERSONAL)
    pinned: Mapped[bool]
    mentions: Mapped[list[UUID]] = mapped_column(StructJSON(list[UUID]), server_default="[]", info=NOT_PERSONAL)
    """The colleagues it mentions."""
    edited_at: Mapped[datetime | None]
    """When its author last changed what it says."""

    __table_args__ = (
        owned_key("lead_id", "leads_lead", ondelete="CASCADE"),
        Index("leads_note_created_at_idx", "agency_id", "lead_id", "created_at", "id"),
    )


class Merge(Owned, Model):
    """A lead that went into another one, with what it takes to get it out again."""

    __tablename__ = "leads_merge"

    lead_id: Mapped[UUID]
    """The one that stays."""
    other_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    """Whose enquiry the one that stays was."""
    other_contact_id: Mapped[UUID]
    merged_by: Mapped[UUID | None]
    fields: Mapped[Codes]
    """What it changed in the one that stays."""
    moved: Mapped[Facts]
    """The ids of what was the other's, by kind."""
    image: Mapped[vault.Secret | None] = vault.encrypted("contact_id", subject=privacy.CONTACT, category="free_text")
    """What it changed, before and after, as JSON."""

    __table_args__ = (
        UniqueConstraint("agency_id", "other_id"),
        owned_key("lead_id", "leads_lead", ondelete="CASCADE"),
        owned_key("other_id", "leads_lead", ondelete="CASCADE"),
        Index("leads_merge_lead_id_idx", "agency_id", "lead_id", "created_at", "id"),
        Index("leads_merge_contact_id_idx", "agency_id", "contact_id"),
        Index("leads_merge_other_contact_id_idx", "agency_id", "other_contact_id"),
        Index("leads_merge_created_at_idx", "agency_id", "created_at", "id"),
    )


class Distinct(Owned, Model):
    """Two leads that look like one and are two; the smaller id comes first."""

    __tablename__ = "leads_distinct"

    one_id: Mapped[UUID]
    other_id: Mapped[UUID]
    told_by: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("agency_id", "one_id", "other_id"),
        owned_key("one_id", "leads_lead", ondelete="CASCADE"),
        owned_key("other_id", "leads_lead", ondelete="CASCADE"),
        Index("leads_distinct_other_id_idx", "agency_id", "other_id"),
    )


class Call(Owned, Model):
    """A call with a client: who called whom, what came of it, and what was agreed to come next."""

    __tablename__ = "leads_call"

    lead_id: Mapped[UUID]
    author_id: Mapped[UUID | None]
    direction: Mapped[Code]
    outcome: Mapped[Code]
    at: Mapped[datetime]
    duration_seconds: Mapped[Number]
    note: Mapped[str | None] = mapped_column(info=PERSONAL)
    next_action_at: Mapped[datetime | None]
    next_action: Mapped[str | None] = mapped_column(info=PERSONAL)
    edited_at: Mapped[datetime | None]

    __table_args__ = (
        owned_key("lead_id", "leads_lead", ondelete="CASCADE"),
        Index("leads_call_at_idx", "agency_id", "lead_id", "at", "id"),
    )
