"""What an administrator can set about tasks, as `[plugin.tasks]` or `TASKS__KEY`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class TaskSettings(BaseModel):
    """Settings of the tasks plugin."""

    model_config = ConfigDict(extra="forbid")

    remind_minutes: int = Field(30, ge=0, le=10_080, description="Minutes before a task is due that people are told.")
    remind_hour: int = Field(
        8, ge=0, le=23, description="Hour of each person's own day at which they are told of what is due that day."
    )
