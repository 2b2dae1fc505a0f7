"""What a client holds: access tokens, refresh tokens, cookies."""

from __future__ import annotations

from typing import Any

from core.auth import moved


def __getattr__(name: str) -> Any:
    return moved.find(__name__, name)
