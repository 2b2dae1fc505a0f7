"""What an administrator can set about webhooks, as `[plugin.webhooks]` or `WEBHOOKS__KEY`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class WebhookSettings(BaseModel):
    """Settings of the webhooks plugin."""

    model_config = ConfigDict(extra="forbid")

    keep_days: int = Field(30, ge=1, le=3650, description="How many days finished deliveries stay in the log.")
    most_endpoints: int = Field(100, ge=1, le=10_000, description="How many endpoints an agency may have.")
    disable_after_days: int = Field(
        5, ge=1, le=60, description="An endpoint is disabled when nothing got through to it for so many days."
    )
