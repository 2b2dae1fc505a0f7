"""What can go wrong with notes."""

from __future__ import annotations

from core.sdk import Conflict


class TooManyNotes(Conflict):
    """The country already has as many notes as the settings allow."""

    code = "visas_too_many_notes"
    title = "This country has enough notes"
