"""What plugins use to let their lists be taken away as files."""

from __future__ import annotations

from core.exports.routes import offer

__all__ = ["offer"]
