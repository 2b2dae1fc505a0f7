"""What other modules may do with files."""

from __future__ import annotations

from core.files.errors import StorageFull
from core.files.schemas import FileLink
from core.files.service import content, forget, keep, link

__all__ = ["FileLink", "StorageFull", "content", "forget", "keep", "link"]
