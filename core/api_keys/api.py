"""What other parts of the core ask about API keys."""

from __future__ import annotations

from core.api_keys.principals import within
from core.api_keys.repository import standing

__all__ = ["standing", "within"]
