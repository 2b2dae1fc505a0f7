"""What plugins say about the people they hold something about."""

from __future__ import annotations

from core.privacy.collecting import NAMELESS
from core.privacy.repository import all_on_hold, is_erased, on_hold, undisturbed
from core.privacy.rows import held, wipe
from core.privacy.subjects import CONTACT, USER, Holding, Outcome, Subject
from core.privacy.words import stand_in

__all__ = [
    "CONTACT",
    "NAMELESS",
    "USER",
    "Holding",
    "Outcome",
    "Subject",
    "all_on_hold",
    "held",
    "is_erased",
    "on_hold",
    "stand_in",
    "undisturbed",
    "wipe",
]
