"""What an administrator can set about capture, as `[plugin.capture]` or `CAPTURE__KEY`."""

from __future__ import annotations

from typing import Annotated

from limits import parse_many
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _countable(value: str) -> str:
    if not all(limit.amount > 0 for limit in parse_many(value)):
        raise ValueError("write a limit as 60/minute")
    return value


Rate = Annotated[str, AfterValidator(_countable)]


class CaptureSettings(BaseModel):
    """Settings of the capture plugin."""

    model_config = ConfigDict(extra="forbid")

    keep_days: int = Field(365, ge=1, le=3650, description="Days that what came in is kept as it came.")
    keep_spam_days: int = Field(30, ge=1, le=3650, description="Days that what looked like spam is kept.")
    form_rate: Rate = Field("60/minute;600/hour", description="How often one form takes something, whoever sends it.")
    hook_rate: Rate = Field("600/minute", description="How often one hook takes something.")
    repeat_minutes: int = Field(
        10, ge=1, le=1440, description="Minutes within which the same again is taken for the same."
    )
    token_hours: int = Field(24, ge=1, le=168, description="Hours that a page with a form can be left open.")
    most_sources: int = Field(100, ge=1, le=1000, description="How many forms, and how many hooks, an agency may have.")
