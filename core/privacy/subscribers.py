"""What happens because somebody asked for their data, or for none of it."""

from __future__ import annotations

from core.privacy import erasures, exports
from core.privacy.events import ErasureRequested, ExportRequested


def export(event: ExportRequested) -> None:
    """Put everything about a person together."""
    exports.make(event.request_id)


def erase(event: ErasureRequested) -> None:
    """Erase everything about a person."""
    erasures.carry_out(event.request_id)
