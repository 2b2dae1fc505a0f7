"""A secret that would be printed."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Settings(BaseModel):
    """Settings."""

    api_key: str = Field("", description="A key.")
