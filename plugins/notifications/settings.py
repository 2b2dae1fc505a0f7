"""What an administrator can set about notifications, as `[plugin.notifications]` or `NOTIFICATIONS__KEY`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class NotificationSettings(BaseModel):
    """Settings of the notifications plugin."""

    model_config = ConfigDict(extra="forbid")

    digest_hour: int = Field(7, ge=0, le=23, description="Hour of each person's own day at which their digest comes.")
    keep_read_days: int = Field(90, ge=1, le=3650, description="Days after which what somebody has read is removed.")
