"""What other parts and plugins may use of quotas."""

from __future__ import annotations

from core.quotas.errors import QuotaExceeded
from core.quotas.service import require, spend

__all__ = ["QuotaExceeded", "require", "spend"]
