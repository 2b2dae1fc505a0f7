"""What an administrator can set, as `[plugin.visas]` or `VISAS__KEY`."""

from __future__ import annotations

from pydantic import BaseModel, Field


class NoteSettings(BaseModel):
    """Settings of the visas plugin."""

    notes_per_country: int = Field(100, ge=1, description="How many notes a country may have.")
