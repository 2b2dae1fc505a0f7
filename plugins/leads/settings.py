"""What an administrator can set about leads, as `[plugin.leads]` or `LEADS__KEY`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LeadSettings(BaseModel):
    """Settings of the leads plugin."""

    model_config = ConfigDict(extra="forbid")

    reference_series: str = Field(
        "L", pattern="^[A-Z]{1,4}$", description="Letters that a lead's reference starts with, as in L-26-00042."
    )
    follow_up_days: int = Field(
        0,
        ge=0,
        le=365,
        description="Days after the last task about an open lead that another one asks to follow up; 0 for none.",
    )
    lost_reasons: tuple[str, ...] = Field(
        ("price", "dates", "competitor", "no_reply", "plans_changed", "not_bookable", "duplicate", "spam", "other"),
        min_length=1,
        description="Reasons an agent can give for a lost lead.",
    )
