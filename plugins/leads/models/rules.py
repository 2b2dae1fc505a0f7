"""Who gets incoming leads, and within which time they are answered."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import NOT_PERSONAL, Code, Codes, Facts, Model, Number, Owned, StructJSON, owned_key

from ..schemas.rules import Conditions


class ResponseTargets(Owned, Model):
    """Within how many working minutes an agency's leads get a first response, by their priority."""

    __tablename__ = "leads_response_targets"

    urgent: Mapped[Number | None]
    high: Mapped[Number | None]
    normal: Mapped[Number | None]
    low: Mapped[Number | None]

    __table_args__ = (UniqueConstraint("agency_id"),)


class AssignmentRule(Owned, Model):
    """To whom leads go that fulfil some conditions."""

    __tablename__ = "leads_assignment_rule"

    name: Mapped[Code]
    position: Mapped[Number]
    active: Mapped[bool]
    conditions: Mapped[Conditions] = mapped_column(StructJSON(Conditions), info=NOT_PERSONAL)
    method: Mapped[Code | None]
    """None where it only says how much a first response hurries."""
    team_id: Mapped[UUID | None]
    role: Mapped[Code | None]
    user_ids: Mapped[list[UUID]] = mapped_column(StructJSON(list[UUID]), info=NOT_PERSONAL)
    only_at_work: Mapped[bool]
    priority: Mapped[Code | None]
    turns: Mapped[Facts]
    """The number of the last turn of each candidate; whoever chooses locks the row until the lead is there."""

    __table_args__ = (
        owned_key("team_id", "core_team", ondelete="CASCADE"),
        Index("leads_assignment_rule_position_idx", "agency_id", "position", "id"),
    )


class Skill(Owned, Model):
    """What a member knows that leads ask for."""

    __tablename__ = "leads_skill"

    user_id: Mapped[UUID]
    languages: Mapped[Codes]
    destinations: Mapped[Codes]

    __table_args__ = (
        UniqueConstraint("agency_id", "user_id"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
        Index("leads_skill_created_at_idx", "agency_id", "created_at", "id"),
    )
