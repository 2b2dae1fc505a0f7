"""Moved; see core.auth.moved."""

from __future__ import annotations

from typing import Any

from core.auth import moved


def __getattr__(name: str) -> Any:
    return moved.find(__name__, name)
