"""Moved to core.auth.models."""

from core.auth.models import AuthSession

__all__ = ["AuthSession"]
