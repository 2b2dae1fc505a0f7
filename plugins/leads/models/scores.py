"""By which rules an agency's leads are scored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import NOT_PERSONAL, Code, Model, Number, Owned, StructJSON

from ..schemas.scores import ScoreConditions


class ScoringRule(Owned, Model):
    """Points for leads that fulfil some conditions."""

    __tablename__ = "leads_scoring_rule"

    label: Mapped[Code]
    points: Mapped[Number]
    position: Mapped[Number]
    active: Mapped[bool]
    conditions: Mapped[ScoreConditions] = mapped_column(StructJSON(ScoreConditions), info=NOT_PERSONAL)

    __table_args__ = (Index("leads_scoring_rule_position_idx", "agency_id", "position", "id"),)


class Scoring(Owned, Model):
    """What becomes of points in an agency."""

    __tablename__ = "leads_scoring"

    warm_from: Mapped[Number]
    hot_from: Mapped[Number]
    count_plugins: Mapped[bool]
    count_ai: Mapped[bool]
    generation: Mapped[Number]
    """How often rules have changed: whoever reckons all leads by earlier ones stops."""
    reckoned_at: Mapped[datetime | None]
    """When all open leads were last reckoned; leads whose score stayed the same are not written then."""

    __table_args__ = (UniqueConstraint("agency_id"),)
