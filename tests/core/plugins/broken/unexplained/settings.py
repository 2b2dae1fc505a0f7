"""A setting nobody explains."""

from __future__ import annotations

from pydantic import BaseModel


class Settings(BaseModel):
    """Settings."""

    depth: int = 3
