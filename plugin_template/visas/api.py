"""What neighbours may ask about notes, and the events they can subscribe to."""

from __future__ import annotations

from . import service
from .events import NoteChanged, NoteRemoved, NoteWritten
from .schemas import NoteView

__all__ = ["NoteChanged", "NoteRemoved", "NoteView", "NoteWritten", "view"]

view = service.view
